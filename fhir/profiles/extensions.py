"""Extensions of our own: of a beat, what the network says; of a Flag, the life of its alert.

https://hl7.org/fhir/R4/defining-extensions.html
"""

from collections.abc import Iterator

from fhir.codes import ALARM, BEAT_CLASS, BEAT_PROBABILITY
from fhir.mapping.life import PARTS
from fhir.profiles.artefact import artefact
from fhir.profiles.rules import R4
from fhir.values import Json

_PATH = "Extension"
_ALWAYS = frozenset({"state", "count", "lastSeen", "escalation"})
_MANY = frozenset({"beat"})


def extensions() -> list[Json]:
    """The StructureDefinitions of our extensions."""
    return [
        _extension(
            BEAT_PROBABILITY,
            "Probability that a beat is abnormal",
            "0 to 1, as the network gives it; on a beat's component of a beat classification.",
            _simple("Probability of abnormal", "decimal", BEAT_PROBABILITY),
            "Observation.component",
        ),
        _extension(
            BEAT_CLASS,
            "Class of a beat after ANSI/AAMI EC57",
            "N (normal), S (supraventricular ectopic), V (ventricular ectopic), F (fusion) or Q"
            " (unknown), whichever the network holds likeliest; on a beat's component.",
            _simple("N, S, V, F or Q", "code", BEAT_CLASS),
            "Observation.component",
        ),
        _extension(
            ALARM,
            "Life and evidence of an alert",
            "Where an alert is between its opening and its end, how often the condition has come,"
            " and what it rests on.",
            list(_complex()),
            "Flag",
        ),
    ]


def _simple(short: str, type_: str, url: str) -> list[Json]:
    return [
        {"id": _PATH, "path": _PATH, "short": short, "min": 0, "max": "1"},
        {"id": f"{_PATH}.extension", "path": f"{_PATH}.extension", "max": "0"},
        {"id": f"{_PATH}.url", "path": f"{_PATH}.url", "fixedUri": url},
        {
            "id": f"{_PATH}.value[x]",
            "path": f"{_PATH}.value[x]",
            "min": 1,
            "type": [{"code": type_}],
        },
    ]


def _complex() -> Iterator[Json]:
    """The parts as slices by their url."""
    path = f"{_PATH}.extension"
    yield {"id": _PATH, "path": _PATH, "short": "Life of an alert", "min": 0, "max": "1"}
    by_url = [{"type": "value", "path": "url"}]
    yield {"id": path, "path": path, "slicing": {"discriminator": by_url, "rules": "open"}}
    for name, type_, told in PARTS:
        slice_ = f"{path}:{name}"
        yield {
            "id": slice_,
            "path": path,
            "sliceName": name,
            "short": told,
            "min": int(name in _ALWAYS),
            "max": "*" if name in _MANY else "1",
        }
        yield {"id": f"{slice_}.url", "path": f"{path}.url", "fixedUri": name}
        value = {"id": f"{slice_}.value[x]", "path": f"{path}.value[x]"}
        yield value | {"min": 1, "type": [{"code": type_}]}
    yield {"id": f"{_PATH}.url", "path": f"{_PATH}.url", "fixedUri": ALARM}
    yield {"id": f"{_PATH}.value[x]", "path": f"{_PATH}.value[x]", "max": "0"}


def _extension(url: str, title: str, told: str, elements: list[Json], on: str) -> Json:
    return artefact(
        "StructureDefinition",
        url.rsplit("/", 1)[1],
        title,
        told,
        fhirVersion="4.0.1",
        kind="complex-type",
        abstract=False,
        context=[{"type": "element", "expression": on}],
        type="Extension",
        baseDefinition=f"{R4}/Extension",
        derivation="constraint",
        differential={"element": elements},
    )
