"""Offline conformance checking of FHIR resources: schema, invariants, and rules of our own."""
