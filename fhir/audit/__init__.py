"""The audit trail in FHIR: what a request does, and entries as AuditEvents (IHE BALP)."""
