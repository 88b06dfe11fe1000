"""The implementation guide under /docs/fhir, made from what the server declares of itself."""
