"""Checks of resources that strangers send (https://hl7.org/fhir/R4/validation.html)."""

from fhir.validation.issue import Issue, Rejected, Severity
from fhir.validation.validator import checked, issues

__all__ = ["Issue", "Rejected", "Severity", "checked", "issues"]
