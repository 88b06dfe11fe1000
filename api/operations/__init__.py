"""Operations: what is asked of resources beyond reading and searching them.

https://hl7.org/fhir/R4/operations.html
"""
