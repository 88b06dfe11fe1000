"""FHIR Subscriptions at work: events are matched, then delivered."""
