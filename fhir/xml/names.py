"""Namespaces and bounds of FHIR XML (https://hl7.org/fhir/R4/xml.html)."""

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
"""Attributes of this namespace (schemaLocation) say nothing of the resource."""

MAX_DEPTH = 64
"""Elements within elements; what is deeper is refused, as in JSON."""
