"""The audit trail on the hospital's edge: written before an answer leaves, read by auditors."""
