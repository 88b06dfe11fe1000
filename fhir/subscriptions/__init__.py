"""FHIR Subscriptions on R4 (Subscriptions R5 Backport 1.1.0): what is asked for, what is sent."""
