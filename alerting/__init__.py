"""From an alert to the person who has seen it: escalation, messages, FHIR Subscriptions."""
