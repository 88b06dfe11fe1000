"""Value sets of ours: served as ValueSet resources, and searched by ``:in``.

Source: https://hl7.org/fhir/R4/search.html#token (``:in``), https://hl7.org/fhir/R4/valueset.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Incorrect
from fhir import codes
from fhir.codes import BASE, Code

Member = tuple[str, str]
"""(system, code)."""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Codes that are chosen from in one place."""

    id: str
    title: str
    description: str
    codes: tuple[Code, ...]

    @property
    def url(self) -> str:
        """The canonical."""
        return f"{BASE}/ValueSet/{self.id}"

    @property
    def members(self) -> tuple[Member, ...]:
        """The codes as searched, each once."""
        return tuple(dict.fromkeys((code.system, code.code) for code in self.codes))


_SETS = (
    ValueSet(
        "alert-kind",
        "Kinds of alert",
        "Flag.code of an alert, with its SNOMED CT translation where there is one.",
        tuple(code for kind in codes.FLAGS.values() for code in kind),
    ),
    ValueSet(
        "observation-code",
        "What is observed",
        "Observation.code of all that this service publishes.",
        (
            codes.ECG_POTENTIAL, codes.EKG_STUDY, codes.HEART_RATE, codes.BEAT_CLASSIFICATION,
            codes.SIGNAL_QUALITY, codes.HOLTER_STUDY, codes.POWER_SPECTRUM,
        ),
    ),
    ValueSet(
        "beat-verdict",
        "Verdicts on a strip's beats",
        "What beat classification comes to.",
        (codes.ABNORMAL_BEATS, codes.NO_ABNORMAL_BEATS),
    ),
    ValueSet(
        "unreadable-reason",
        "Reasons not to read a strip",
        "Why heart rate and beats are not published from a strip.",
        tuple(codes.UNREADABLE.values()),
    ),
    ValueSet(
        "signal-file",
        "Signal file formats",
        "DocumentReference.content.format of a file.",
        (codes.WFDB_RECORD, codes.EDF_PLUS, codes.DICOM_ECG),
    ),
)  # fmt: skip

VALUE_SETS: Mapping[str, ValueSet] = {each.url: each for each in _SETS}
"""By canonical URL."""


def members(url: str) -> tuple[Member, ...]:
    """The codes of a value set. Raises Incorrect for one that is not held here."""
    found = VALUE_SETS.get(url.partition("|")[0])
    if found is None:
        raise Incorrect(
            f"the value set {url[:80]!r} is not held here, only: {', '.join(VALUE_SETS)}"
        )
    return found.members
