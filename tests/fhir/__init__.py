"""Tests of the FHIR mapping and of its publisher."""
