"""Value sets that ``:in`` can search: our own, and each code system of ours as a whole.

Source: https://hl7.org/fhir/R4/search.html#token (``:in``), https://hl7.org/fhir/R4/valueset.html
"""

from collections.abc import Iterable, Mapping

from core.errors import Incorrect
from fhir import codes
from fhir.codes import BASE, Code

Member = tuple[str, str]
"""(system, code)."""


def _members(found: Iterable[Code]) -> tuple[Member, ...]:
    return tuple(dict.fromkeys((code.system, code.code) for code in found))


VALUE_SETS: Mapping[str, tuple[Member, ...]] = {
    f"{BASE}/ValueSet/alerts": _members(c for group in codes.FLAGS.values() for c in group),
    f"{BASE}/ValueSet/observations": _members(
        (
            codes.ECG_POTENTIAL, codes.EKG_STUDY, codes.HEART_RATE, codes.RR_MEAN, codes.SDNN,
            codes.BEAT_CLASSIFICATION, codes.SIGNAL_QUALITY, codes.HOLTER_STUDY,
        )
    ),
    f"{BASE}/ValueSet/beats": _members(
        (
            codes.R_PEAK, codes.BEATS, codes.CLASSIFIED_BEATS, codes.ABNORMAL_BEATS,
            codes.NO_ABNORMAL_BEATS, codes.MEAN_PROBABILITY,
        )
    ),
    f"{BASE}/ValueSet/signal-quality": _members(
        (codes.SIGNAL_QUALITY, codes.READABLE, codes.MISSING_SAMPLES, *codes.UNREADABLE.values())
    ),
    f"{BASE}/ValueSet/files": _members((codes.WFDB_RECORD, codes.EDF_PLUS, codes.DICOM_ECG)),
}  # fmt: skip
"""The codes of each value set, by its canonical URL."""


def members(url: str) -> tuple[Member, ...]:
    """The codes of a value set. Raises Incorrect for one that is not held here."""
    found = VALUE_SETS.get(url.partition("|")[0])
    if found is None:
        raise Incorrect(
            f"the value set {url[:80]!r} is not held here, only: {', '.join(VALUE_SETS)}"
        )
    return found
