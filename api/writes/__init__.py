"""What clients write: create, update, patch, delete, alone or in Bundles.

https://hl7.org/fhir/R4/http.html
"""
