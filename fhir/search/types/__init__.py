"""Declarations of resource types, a file each; ``fhir.search.registry`` collects them."""
