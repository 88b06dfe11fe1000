"""The clinician's part of what the service has found: what of it others may change, and how.

Waveforms and model output are evidence. Somebody may confirm them, amend their status, comment
or conclude; measured values stay. What disagrees is a resource of its own that refers to this
one (https://hl7.org/fhir/R4/observation-definitions.html#Observation.derivedFrom).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import Invalid
from fhir import codes
from fhir.values import Json, narrative, unversioned

_ERROR = frozenset({"entered-in-error"})
_WORKING = _ERROR | {"in-progress", "on-hold", "completed", "failed"}
_TAKING = _ERROR | {"received", "accepted", "in-progress", "completed", "rejected"}
STATUSES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "Observation": {
        "preliminary": frozenset({"final", "amended", "corrected", "entered-in-error"}),
        "final": frozenset({"amended", "corrected", "entered-in-error"}),
        "amended": frozenset({"final", "corrected", "entered-in-error"}),
        "corrected": frozenset({"amended", "entered-in-error"}),
    },
    "DiagnosticReport": {
        "partial": frozenset({"preliminary", "final", "amended", "corrected", "entered-in-error"}),
        "preliminary": frozenset({"final", "amended", "corrected", "entered-in-error"}),
        "final": frozenset({"amended", "corrected", "appended", "entered-in-error"}),
        "amended": frozenset({"final", "corrected", "appended", "entered-in-error"}),
        "corrected": frozenset({"amended", "appended", "entered-in-error"}),
        "appended": frozenset({"amended", "corrected", "entered-in-error"}),
    },
    "Flag": {
        "active": frozenset({"inactive", "entered-in-error"}),
        "inactive": frozenset({"entered-in-error"}),
    },
    "Task": {
        **dict.fromkeys(("requested", "received"), _TAKING),
        **dict.fromkeys(("accepted", "in-progress", "on-hold"), _WORKING),
        **dict.fromkeys(("rejected", "completed", "failed", "cancelled"), _ERROR),
    },
}
"""By type: from which status to which a client may lead evidence."""

_ELEMENTS: Mapping[str, frozenset[str]] = {
    "Observation": frozenset({"status", "note", "interpretation", "performer", "extension"}),
    "DiagnosticReport": frozenset(
        {"status", "conclusion", "conclusionCode", "resultsInterpreter", "extension"}
    ),
    "Flag": frozenset({"status", "period.end", "extension"}),
    "Task": frozenset(
        {
            *("status", "statusReason", "businessStatus", "owner", "note", "output", "extension"),
            *("executionPeriod", "lastModified"),
        }
    ),
}
_ADDED = frozenset({"interpretation"})
"""Elements that may be set where the service has none of its own."""
_OWN_EXTENSIONS = frozenset(
    {
        *(codes.FLAG_DETAIL, codes.FLAG_PRIORITY, codes.ALARM),
        *(codes.BEAT_PROBABILITY, codes.BEAT_CLASS),
    }
)
_NOT_COMPARED = frozenset({"text", "meta"})
"""The narrative is generated; of meta, see ``_meta``."""


def annotated(
    stored: Json, view: Json, sent: Json, known: tuple[str, ...]
) -> tuple[Json, tuple[str, ...]]:
    """Evidence with what a client has changed in it, and the names of all that clients have set.

    ``view`` is ``stored`` as clients read it, and ``known`` what they have set so far. Raises
    Invalid, naming each element that is not theirs to change.
    """
    type_ = str(stored["resourceType"])
    changed = list(_differing(view, sent))
    allowed = _ELEMENTS.get(type_, frozenset())
    refused = [name for name in changed if not _may_set(name, allowed, view, sent, known)]
    if refused:
        named = ", ".join(f"{type_}.{name}" for name in refused)
        raise Invalid(
            f"{named}: found by the service and not to be overwritten;"
            f" what may change is {', '.join(sorted(allowed)) or 'nothing'}"
        )
    if "status" in changed:
        _check_status(type_, str(view["status"]), sent.get("status"))
    names = tuple(sorted({*known, *changed}))
    return kept(stored, sent, tuple(changed)), names


def kept(fresh: Json, before: Json, clinical: tuple[str, ...]) -> Json:
    """``fresh`` evidence with the elements named ``clinical`` as they are in ``before``."""
    made = dict(fresh)
    for name in clinical:
        match name:
            case "extension":
                own = [e for e in fresh.get("extension", []) if _is_own(e)]
                _put(made, name, own + [e for e in before.get(name, []) if not _is_own(e)])
            case "period.end":
                period = dict(made.get("period", {}))
                _put(period, "end", before.get("period", {}).get("end"))
                _put(made, "period", period)
            case _:
                _put(made, name, before.get(name))
                _put(made, f"_{name}", before.get(f"_{name}"))
    return _told(made) if "conclusion" in clinical else made


def standing(fresh: Json, before: Json, clinical: tuple[str, ...]) -> Json:
    """Evidence made anew, with the clinician's elements; what was put down stays down.

    Only the withdrawal of what is told weighs more than what a clinician said of it.
    """
    if fresh["status"] == "entered-in-error":
        clinical = tuple(name for name in clinical if name != "status")
    return kept(fresh, before, clinical)


def _differing(view: Json, sent: Json) -> Iterator[str]:
    """The elements that differ, each once."""
    for name in dict.fromkeys([*view, *sent]):
        plain = name.removeprefix("_")
        if name == "period" and isinstance(sent.get(name), dict):
            yield from _of_period(view.get(name, {}), sent[name])
        elif name == "meta":
            if _meta(view) != _meta(sent):
                yield name
        elif (
            name not in _NOT_COMPARED
            and view.get(name) != sent.get(name)
            and (name == plain or view.get(plain) == sent.get(plain))
        ):
            yield plain


def _of_period(view: Json, sent: Json) -> Iterator[str]:
    rest = [{k: v for k, v in period.items() if k != "end"} for period in (view, sent)]
    if rest[0] != rest[1]:
        yield "period"
    if view.get("end") != sent.get("end"):
        yield "period.end"


def _meta(resource: Json) -> Json:
    meta: Json = unversioned(resource).get("meta", {})
    return meta


def _may_set(
    name: str, allowed: frozenset[str], view: Json, sent: Json, known: tuple[str, ...]
) -> bool:
    if name not in allowed:
        return False
    if name == "extension":
        return _own(view) == _own(sent)
    return name not in _ADDED or name in known or name not in view


def _own(resource: Json) -> list[Any]:
    return [extension for extension in resource.get("extension", []) if _is_own(extension)]


def _is_own(extension: Json) -> bool:
    return extension.get("url") in _OWN_EXTENSIONS


def _check_status(type_: str, before: str, after: Any) -> None:
    ways = STATUSES[type_].get(before, frozenset())
    if after not in ways:
        told = f"to {', '.join(sorted(ways))}" if ways else "no further"
        raise Invalid(f"{type_}.status: from {before} it goes {told}")


def _told(resource: Json) -> Json:
    """With the narrative that a report's conclusion is; all others stay as they are."""
    conclusion = resource.get("conclusion")
    if resource["resourceType"] != "DiagnosticReport" or not conclusion:
        return resource
    return resource | {"text": narrative(str(conclusion))}


def _put(resource: Json, name: str, value: Any) -> None:
    if value in (None, [], {}):
        resource.pop(name, None)
    else:
        resource[name] = value
