"""Profiles of what this service publishes."""

from fhir import codes
from fhir.codes import HEART_RATE_PROFILE, Code
from fhir.profiles.artefact import canonical
from fhir.profiles.extensions import extensions
from fhir.profiles.rules import Profile, Rule, coded, structure
from fhir.values import Json

_IDENTIFIER = Rule(
    "Observation.identifier", "<device>/<session>/<kind>/<number>: the same result, the same name"
)
_PERIOD = Rule("Observation.effective[x]", "First to last sample", type="Period")
_SUBJECT = Rule("Observation.subject", "The wearer; the device itself where nobody wore it")
_DEVICE = Rule("Observation.device", "The recorder, or the algorithm that made the result")
_STRIP = Rule("Observation.derivedFrom", "The ECG strip that it was read from", most="1")


def _observation(
    id_: str, title: str, told: str, code: Code, *more: Rule, base: str | None = None
) -> Profile:
    shared = (_IDENTIFIER, coded("Observation.code", title, code), _SUBJECT)
    return Profile(id_, title, "Observation", told, (*shared, *more), base)


PROFILES = (
    _observation(
        "ecg-strip",
        "ECG strip",
        "1,496 samples of one lead. SampledData is in millivolts: data x factor + origin; E where"
        " no sample was received.",
        codes.ECG_POTENTIAL,
        _PERIOD,
        _DEVICE,
        Rule("Observation.component", "The lead", most="1"),
        coded("Observation.component.code", "ECG potential", codes.ECG_POTENTIAL),
        Rule("Observation.component.value[x]", "The samples", type="SampledData"),
    ),
    _observation(
        "ecg-heart-rate",
        "Heart rate from an ECG strip",
        "Median rate of a readable strip, with RR intervals and their variability.",
        codes.HEART_RATE,
        _DEVICE,
        _STRIP,
        base=HEART_RATE_PROFILE,
    ),
    _observation(
        "ecg-beats",
        "Beat classification",
        "Each beat of a strip by a neural network; preliminary, for nobody has confirmed it.",
        codes.BEAT_CLASSIFICATION,
        _PERIOD,
        _DEVICE,
        _STRIP,
        Rule("Observation.method", "The network"),
        Rule(
            "Observation.value[x]",
            "Whether a beat is abnormal",
            least=0,
            type="CodeableConcept",
            value_set=canonical("ValueSet", "beat-verdict"),
        ),
    ),
    _observation(
        "ecg-rhythm",
        "Heart rhythm",
        "What the beats of a strip amount to, or that there are none; each episode is a component"
        " with its onset and offset so far. Preliminary, for nobody has confirmed it.",
        codes.HEART_RHYTHM,
        _PERIOD,
        _DEVICE,
        _STRIP,
        Rule("Observation.method", "The rules"),
        Rule(
            "Observation.value[x]",
            "The gravest rhythm",
            type="CodeableConcept",
            value_set=canonical("ValueSet", "rhythm"),
        ),
    ),
    _observation(
        "ecg-signal-quality",
        "ECG signal quality",
        "How far a strip can be trusted, and why not.",
        codes.SIGNAL_QUALITY,
        _PERIOD,
        _DEVICE,
        _STRIP,
        Rule("Observation.value[x]", "0 to 100 %", type="Quantity"),
    ),
    _observation(
        "ecg-monitoring-summary",
        "Totals of a monitoring session",
        "A session in numbers: chunks, beats, times, rates.",
        codes.HOLTER_STUDY,
        _PERIOD,
        _DEVICE,
        Rule("Observation.component", "One total each"),
    ),
    Profile(
        "ecg-monitoring-report",
        "ECG monitoring report",
        "DiagnosticReport",
        "What was found in one monitoring session; partial while it lasts.",
        (
            Rule("DiagnosticReport.identifier", "Names device and session"),
            coded("DiagnosticReport.code", "Holter monitor study", codes.HOLTER_STUDY),
            Rule("DiagnosticReport.effective[x]", "First to last sample", type="Period"),
            Rule("DiagnosticReport.result", "The session's totals"),
            Rule("DiagnosticReport.conclusion", "The totals in words"),
            Rule("DiagnosticReport.presentedForm", "On ECG paper: PDF and SVG"),
        ),
    ),
    Profile(
        "ecg-alert",
        "ECG alert",
        "Flag",
        "A condition that somebody should look at; active while it lasts.",
        (
            Rule("Flag.identifier", "Names device, session, kind and first strip"),
            Rule("Flag.code", "The condition", value_set=canonical("ValueSet", "alert-kind")),
            Rule("Flag.period", "From the strip that opened it"),
            Rule("Flag.author", "The recorder"),
            Rule("Flag.extension", "Evidence, priority, and where the alert is in its life"),
        ),
    ),
    Profile(
        "ecg-alert-task",
        "Acknowledgement of an ECG alert",
        "Task",
        "Somebody is to answer for an alert: accepting the task acknowledges it, rejecting it calls"
        " the next.",
        (
            coded("Task.code", "Acknowledge the alert", codes.ACKNOWLEDGE),
            Rule("Task.focus", "The alert's Flag"),
            Rule("Task.for", "The patient"),
            Rule("Task.requester", "The recorder"),
            Rule("Task.priority", "stat, urgent or routine, as the alert's is"),
            Rule("Task.restriction", "Until when before more is done", least=0),
        ),
    ),
    Profile(
        "ecg-alert-message",
        "Message about an ECG alert",
        "Communication",
        "What a care team was sent about an alert, and what came of it; each attempt is a version.",
        (
            Rule("Communication.category", "An alert"),
            Rule("Communication.medium", "By which way it went"),
            Rule("Communication.subject", "The patient, who is not named in the message"),
            Rule("Communication.about", "The alert's Flag"),
            Rule("Communication.recipient", "The topic, mailbox or host that it was sent to"),
            Rule("Communication.payload", "What was said, and the link to the alert"),
            Rule("Communication.note", "How the last attempt went"),
            Rule("Communication.statusReason", "Why it was not taken", least=0),
        ),
    ),
    Profile(
        "ecg-alarm-limits",
        "Alarm limits of a patient",
        "Goal",
        "What a clinician sets for one patient's alarms: in force while the Goal is active. One of"
        " a patient at a time; what it does not set is left to the policy.",
        (
            coded("Goal.category", "Alarm limits", codes.ALARM_LIMITS),
            Rule("Goal.subject", "The patient"),
            Rule("Goal.target", "A limit, or a condition that is switched off"),
            Rule(
                "Goal.target.measure",
                "Which",
                value_set=canonical("ValueSet", "alarm-limit"),
            ),
        ),
    ),
)


def structures() -> list[Json]:
    """Every StructureDefinition of ours."""
    return [*(structure(profile) for profile in PROFILES), *extensions()]
