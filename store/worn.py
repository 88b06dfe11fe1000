"""Who wore a device as a signal was recorded: the one rule, in SQL.

The wearer at the signal's beginning, or else whoever put the device on before its end. What
seems older than the first wearing belongs to the first wearer: before that the device had no
key to seal a signal with, so its clock was behind.
"""


def wearer(device: str, start: str, end: str) -> str:
    """The SQL expression of the patient's id, NULL for nobody; the arguments are expressions."""
    return (
        f"(SELECT w.patient_id FROM wearing w WHERE w.device_id = {device}"  # noqa: S608 (ours)
        f" AND (w.until IS NULL OR w.until > {start}) AND (w.since < {end} OR NOT EXISTS"
        f"  (SELECT FROM wearing v WHERE v.device_id = {device} AND v.since < w.since))"
        " ORDER BY w.since LIMIT 1)"
    )
