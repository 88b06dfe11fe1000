"""A resource that is published again: unchanged, or with which status.

https://hl7.org/fhir/R4/valueset-observation-status.html
"""

from fhir.values import Json

_APART = ("meta", "issued", "status", "date", "presentedForm")
"""What tells of the version and not of its content."""
_FINAL = ("final", "amended")


def revised(fresh: Json, before: Json | None, *, replaces: bool = False) -> Json | None:
    """``fresh`` as the next version after ``before``; None where there is nothing new to say.

    What was final before is amended. With ``replaces`` it is amended in any case: what it tells
    was told otherwise before, on a signal that has changed since.
    """
    if before is None:
        return fresh
    was_final = before["status"] in _FINAL
    if _content(fresh) == _content(before):
        known = replaces or was_final or fresh["status"] == before["status"]
        return None if known else fresh
    return fresh | {"status": "amended"} if replaces or was_final else fresh


def _content(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name not in _APART}
