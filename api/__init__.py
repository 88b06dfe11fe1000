"""The hospital-facing edge: FHIR over HTTP, enrolment, health, metrics."""
