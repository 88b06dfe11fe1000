"""The rows behind FHIR Subscriptions: how each stands, and its numbered events."""
