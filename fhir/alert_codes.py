"""Codes of alerts: a Flag for each kind of condition.

Our own code for each, and SNOMED CT's where it means no more.
"""

from fhir.coding import SNOMED, Code
from fhir.coding import local as _local

ASYSTOLE = Code(SNOMED, "397829000", "Asystole", "CH pulse findings; DeCS and ICNP maps")
VENTRICULAR_TACHYCARDIA = Code(
    SNOMED, "25569003", "Ventricular tachycardia", "several public code lists"
)
_PRIORITY = "http://hl7.org/fhir/flag-priority-code"
PRIORITIES = {
    "high": Code(_PRIORITY, "PH", "High priority", "HL7 R4 flag-priority"),
    "medium": Code(_PRIORITY, "PM", "Medium priority", "HL7 R4 flag-priority"),
    "low": Code(_PRIORITY, "PL", "Low priority", "HL7 R4 flag-priority"),
}
REQUEST_PRIORITIES = {"high": "stat", "medium": "urgent", "low": "routine"}
"""Codes of http://hl7.org/fhir/request-priority."""
ACKNOWLEDGE = _local(
    "acknowledge-alert", "Acknowledge the alert",
    "Somebody is to answer for an alert: accepting the task acknowledges it.",
)  # fmt: skip
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
ALERT_MESSAGE = Code(
    "http://terminology.hl7.org/CodeSystem/communication-category", "alert", "Alert",
    "HL7 communication-category",
)  # fmt: skip
MEDIA = {
    "sns": Code(_PARTICIPATION, "ELECTRONIC", "electronic data", "HL7 v3 ParticipationMode"),
    "email": Code(_PARTICIPATION, "EMAILWRIT", "email", "HL7 v3 ParticipationMode"),
    "webhook": Code(_PARTICIPATION, "ELECTRONIC", "electronic data", "HL7 v3 ParticipationMode"),
}
FLAGS: dict[str, tuple[Code, ...]] = {
    "asystole": (
        _local("alert-asystole", "Asystole", "No beat for 4 s or more."),
        ASYSTOLE,
    ),
    "ventricular-fibrillation": (
        _local("alert-ventricular-fibrillation", "Ventricular fibrillation or flutter",
               "The waves of ventricular fibrillation or flutter."),
    ),
    "ventricular-tachycardia": (
        _local("alert-ventricular-tachycardia", "Ventricular tachycardia",
               "Five ventricular beats in a row or more, above 100 per minute."),
        VENTRICULAR_TACHYCARDIA,
    ),
    "ventricular-run": (
        _local("alert-ventricular-run", "Ventricular run",
               "Three ventricular beats in a row or more."),
    ),
    "pause": (_local("alert-pause", "Pause", "No beat for 3 s or more."),),
    "extreme-tachycardia": (
        _local("alert-extreme-tachycardia", "Very fast heart rate",
               "Heart rate above the upper alert limit."),
    ),
    "extreme-bradycardia": (
        _local("alert-extreme-bradycardia", "Very slow heart rate",
               "Heart rate below the lower alert limit."),
    ),
    "tachycardia": (
        _local("alert-tachycardia", "Fast heart rate", "Heart rate above the alert limit."),
        Code(SNOMED, "3424008", "Tachycardia", "CH Core; several public implementation guides"),
    ),
    "bradycardia": (
        _local("alert-bradycardia", "Slow heart rate", "Heart rate below the alert limit."),
        Code(SNOMED, "48867003", "Bradycardia", "several public implementation guides"),
    ),
    "atrial-fibrillation": (
        _local("alert-atrial-fibrillation", "Suspected atrial fibrillation or flutter",
               "Irregular beats without a steady P wave."),
    ),
    "abnormal-beats": (
        _local("alert-abnormal-beats", "Repeated abnormal beats",
               "Several of the recent beats were classified as abnormal."),
    ),
    "lead-off": (
        _local("alert-lead-off", "ECG electrode off",
               "An electrode has had no contact for some time; nothing is being monitored."),
    ),
    "poor-signal": (
        _local("alert-poor-signal", "ECG not readable",
               "The signal has not been readable for some time; nothing is being monitored."),
    ),
    "device-silent": (
        _local("alert-device-silent", "Recorder silent",
               "Nothing has come from the recorder for some time."),
    ),
    "clock-unset": (
        _local("alert-clock-unset", "Recorder's clock not set",
               "The recorder does not know the time; times are those of reception."),
    ),
    "backlog-late": (
        _local("alert-backlog-late", "Late ECG",
               "What comes in is old: the recorder or the service is behind."),
    ),
    "model-unavailable": (
        _local("alert-model-unavailable", "Classifier not available",
               "The configured classifier does not answer; another one takes its place."),
    ),
    "key-failure": (
        _local("alert-key-failure", "ECG cannot be decrypted",
               "The key of the recorder cannot be had, or does not open what it sends."),
    ),
}  # fmt: skip
