"""Moments as FHIR writes them (https://hl7.org/fhir/R4/datatypes.html#instant)."""

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """UTC with milliseconds; what is finer is cut off."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
