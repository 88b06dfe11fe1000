"""Alert -> Flag: a standing warning, active until its condition has passed.

https://hl7.org/fhir/R4/flag.html. What it rests on is the Observation in HL7's extension
flag-detail; https://hl7.org/fhir/extensions/StructureDefinition-flag-detail.html.
"""

from core.alerts import TECHNICAL, Alert, AlertKind
from fhir import codes
from fhir.codes import concept
from fhir.mapping import beats, heart_rate, quality, rhythm
from fhir.mapping.identity import Origin
from fhir.values import Json, instant, narrative, period

KIND = "flag"
_RATES = (
    AlertKind.TACHYCARDIA,
    AlertKind.BRADYCARDIA,
    AlertKind.EXTREME_TACHYCARDIA,
    AlertKind.EXTREME_BRADYCARDIA,
)
_EVIDENCE = dict.fromkeys(AlertKind, rhythm.KIND) | dict.fromkeys(TECHNICAL, quality.KIND)
_EVIDENCE |= dict.fromkeys(_RATES, heart_rate.KIND) | {AlertKind.ABNORMAL_BEATS: beats.KIND}


def flag(alert: Alert, origin: Origin) -> Json:
    """The alert's Flag, found by the strip that opened it. ``origin`` must have a patient."""
    name = (KIND, alert.kind.value, alert.strip_index)
    coded = codes.FLAGS[alert.kind.value]
    text = f"{coded[0].display}: {alert.evidence}"
    since = f"{'from' if alert.closed_at else 'since'} {instant(alert.opened_at)}"
    until = f" to {instant(alert.closed_at)}" if alert.closed_at else ""
    seen = origin.observation(_EVIDENCE[alert.kind], alert.strip_index)
    return {
        "resourceType": "Flag",
        "id": origin.id(*name),
        "text": narrative(f"{text}; {since}{until}"),
        "extension": [{"url": codes.FLAG_DETAIL, "valueReference": seen}],
        "identifier": [origin.identifier(*name)],
        "status": _status(alert),
        "category": [concept(_category(alert.kind))],
        "code": concept(*coded, text=text),
        "subject": origin.subject,
        "period": period(alert.opened_at, alert.closed_at),
        "author": origin.device,
    }


def _status(alert: Alert) -> str:
    if alert.closed_at is None:
        return "active"
    # One that lasted no time was withdrawn: with the whole signal it would not have opened.
    return "inactive" if alert.closed_at > alert.opened_at else "entered-in-error"


def _category(kind: AlertKind) -> codes.Code:
    return codes.SAFETY if kind in TECHNICAL else codes.CLINICAL
