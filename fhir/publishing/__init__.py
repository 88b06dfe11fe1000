"""From unpublished findings to stored resource versions: the part of ``fhir`` that has a store."""
