"""What is ours in FHIR's own words: profiles, extensions, codes, parameters and operations."""
