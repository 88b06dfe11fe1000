"""A resource that is published again: unchanged, or with which status.

https://hl7.org/fhir/R4/valueset-observation-status.html
"""

from fhir.clinical import standing
from fhir.values import Json

_APART = ("meta", "issued", "status", "date", "presentedForm")
"""What tells of the version and not of its content."""
_FINAL = ("final", "amended", "corrected", "appended")
_WITHDRAWN = "entered-in-error"


def revised(
    fresh: Json, before: Json | None, *, replaces: bool = False, clinical: tuple[str, ...] = ()
) -> Json | None:
    """``fresh`` as the next version after ``before``; None where there is nothing new to say.

    What was final before is amended. With ``replaces`` it is amended in any case: what it tells
    was told otherwise before, on a signal that has changed since. The elements named ``clinical``
    are a clinician's and stay; so does what a clinician has called an error.
    """
    if before is None:
        return fresh
    made = standing(fresh, before, tuple(name for name in clinical if name != "status"))
    is_same = _content(made) == _content(before)
    if before["status"] == _WITHDRAWN and "status" in clinical:
        return None if is_same else made | {"status": _WITHDRAWN}
    was_final = before["status"] in _FINAL
    if is_same:
        known = replaces or was_final or made["status"] == before["status"]
        return None if known else made
    return made | {"status": "amended"} if replaces or was_final else made


def _content(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name not in _APART}
