"""Codes of alarm limits: what a Goal sets, and what a heart rate is measured against.

No standard terminology codes the limits of a monitor's alarms; the heart rate itself is LOINC's.
"""

from fhir.coding import MDC, Code
from fhir.coding import local as _local

ALARM_LIMITS = _local(
    "alarm-limits", "Alarm limits",
    "What a clinician has set for one patient's alarms: a category of Goal, and the meaning of a"
    " reference range that is made of it.",
)  # fmt: skip
LIMIT_EXTREME_RATE = _local(
    "alarm-limit-extreme-heart-rate", "Limits of a very slow and a very fast heart rate",
    "Heart rates beyond which the alarm is of high priority: detailRange in /min.",
)  # fmt: skip
LIMIT_PAUSE = _local(
    "alarm-limit-pause", "Least pause",
    "How long no beat must come for a pause to ring: detailQuantity in s.",
)  # fmt: skip
LIMIT_ABNORMAL = _local(
    "alarm-limit-abnormal-probability", "Least probability of abnormal",
    "From which probability on a beat counts as abnormal for alarms: detailQuantity, unit 1.",
)  # fmt: skip
ALARM_OFF = _local(
    "alarm-off", "Alarm switched off",
    "A condition that is not to ring for this patient: detailCodeableConcept, the code of its"
    " alerts.",
)  # fmt: skip
MDC_HEART_RATE = Code(MDC, "147842", "MDC_ECG_HEART_RATE", "HL7 PoCD; monitors' own heart rate")
