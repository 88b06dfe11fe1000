"""Findings, alerts and totals to FHIR resources: pure functions that return plain data."""
