"""The codes of our own, and the sets of codes that our resources choose from.

https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/valueset.html
"""

from collections.abc import Iterable, Iterator

from fhir import codes
from fhir.codes import LOCAL, Code
from fhir.profiles.artefact import artefact
from fhir.values import Json


def local_codes() -> list[Code]:
    """Every code that ``fhir.codes`` defines itself, once, in the order of its definition."""
    found: dict[str, Code] = {}
    for value in vars(codes).values():
        for code in _within(value):
            if code.system == LOCAL:
                found.setdefault(code.code, code)
    return list(found.values())


def _within(value: object) -> Iterator[Code]:
    if isinstance(value, Code):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _within(inner)


def code_system() -> Json:
    """The code system of what LOINC, SNOMED CT and MDC lack."""
    concepts = [
        {"code": code.code, "display": code.display, "definition": code.source}
        for code in local_codes()
    ]
    return artefact(
        "CodeSystem",
        "ecg",
        "ECG monitoring codes",
        "What continuous single-lead ECG monitoring has to say and no standard terminology codes.",
        caseSensitive=True,
        content="complete",
        count=len(concepts),
        concept=concepts,
    )


_CLASSES = (codes.ABNORMAL_BEATS, codes.NO_ABNORMAL_BEATS)
_OBSERVATIONS = (
    codes.ECG_POTENTIAL, codes.EKG_STUDY, codes.HEART_RATE, codes.RR_MEAN, codes.SDNN,
    codes.BEAT_CLASSIFICATION, codes.SIGNAL_QUALITY, codes.HOLTER_STUDY, codes.POWER_SPECTRUM,
    codes.HEART_RHYTHM, *codes.QRS_DURATION, *codes.QT_INTERVAL, *codes.QTC_INTERVAL,
)  # fmt: skip
_BEATS = (
    codes.R_PEAK, codes.BEATS, codes.CLASSIFIED_BEATS, codes.ABNORMAL_BEATS,
    codes.NO_ABNORMAL_BEATS, codes.VENTRICULAR_BEATS, codes.SUPRAVENTRICULAR_BEATS,
    codes.MEAN_PROBABILITY,
)  # fmt: skip
_QUALITY = (
    codes.SIGNAL_QUALITY, codes.SECONDS_QUALITY, codes.READABLE, codes.MISSING_SAMPLES,
    *codes.UNREADABLE.values(),
)  # fmt: skip
_RHYTHMS = (*(code for kind in codes.RHYTHMS.values() for code in kind), codes.NO_RHYTHM)
_LIMITS = (
    codes.HEART_RATE, codes.MDC_HEART_RATE, codes.LIMIT_EXTREME_RATE, codes.LIMIT_PAUSE,
    codes.LIMIT_ABNORMAL, codes.ALARM_OFF,
)  # fmt: skip
_FILES = (codes.WFDB_RECORD, codes.EDF_PLUS, codes.DICOM_ECG)
SETS: tuple[tuple[str, str, str, tuple[Code, ...]], ...] = (
    (
        "alert-kind",
        "Kinds of alert",
        "Flag.code of an alert, with its SNOMED CT translation where there is one.",
        tuple(code for kind in codes.FLAGS.values() for code in kind),
    ),
    ("beat-verdict", "Verdicts on a strip's beats", "What beat classification comes to.", _CLASSES),
    (
        "unreadable-reason",
        "Reasons not to read a strip",
        "Why heart rate and beats are not published from a strip.",
        tuple(codes.UNREADABLE.values()),
    ),
    (
        "observations",
        "Observations of this service",
        "Observation.code and component codes of strips, rates, beats, quality and summaries.",
        _OBSERVATIONS,
    ),
    ("beats", "Beats", "What is said of a strip's beats, one by one and in sum.", _BEATS),
    ("rhythm", "Rhythms", "What a strip's rhythm comes to, and its episodes.", _RHYTHMS),
    ("signal-quality", "Signal quality", "What is said of a strip's readability.", _QUALITY),
    (
        "alarm-limit",
        "Limits of alarms",
        "Goal.target.measure of what a clinician sets for a patient's alarms.",
        _LIMITS,
    ),
    ("signal-file", "Signal file formats", "DocumentReference.content.format of a file.", _FILES),
)
"""Id, title, description and codes of each value set."""


def value_sets() -> list[Json]:
    """The value sets, each listing its codes."""
    return [
        artefact("ValueSet", id_, title, told, compose={"include": list(_include(members))})
        for id_, title, told, members in SETS
    ]


def _include(members: Iterable[Code]) -> Iterator[Json]:
    systems: dict[str, list[Json]] = {}
    for code in members:
        concept = {"code": code.code, "display": code.display}
        systems.setdefault(code.system, []).append(concept)
    for system, concepts in systems.items():
        yield {"system": system, "concept": concepts}
