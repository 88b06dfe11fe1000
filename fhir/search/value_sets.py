"""Value sets that ``:in`` can search: those that are served.

Source: https://hl7.org/fhir/R4/search.html#token (``:in``), https://hl7.org/fhir/R4/valueset.html
"""

from collections.abc import Mapping

from core.errors import Incorrect
from fhir.profiles.artefact import VERSION, canonical
from fhir.profiles.terminology import SETS

Member = tuple[str, str]
"""(system, code)."""

VALUE_SETS: Mapping[str, tuple[Member, ...]] = {
    canonical("ValueSet", id_): tuple(dict.fromkeys((code.system, code.code) for code in codes))
    for id_, _, _, codes in SETS
}
"""The codes of each value set, by its canonical URL."""


def members(url: str) -> tuple[Member, ...]:
    """The codes of a value set, by ``url`` or ``url|version``.

    Raises Incorrect for one that is not held here.
    """
    plain, _, version = url.partition("|")
    found = VALUE_SETS.get(plain) if version in ("", VERSION) else None
    if found is None:
        raise Incorrect(
            f"the value set {url[:80]!r} is not held here, only: {', '.join(VALUE_SETS)}"
        )
    return found
