"""FHIR XML, both ways (https://hl7.org/fhir/R4/xml.html): plain data as JSON has it, and bytes."""
