"""What neither the schema nor the invariants say: cardinality, references, units, waveforms."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from fhir.validation.units import KNOWN
from tests.conformance.definitions import definitions
from tests.conformance.walk import Json, Node

Resolver = Callable[[str], bool]

UCUM = "http://unitsofmeasure.org"
OWN_UNITS = frozenset({"/min", "mV", "uV", "mV2", "mV2/Hz", "ms", "ms2", "s", "h", "Hz", "%", "1"})
DERIVED_UNITS = frozenset({"1/min.1/min", "/min/h"})  # of statistics: a square, a gradient
UNITS = OWN_UNITS | DERIVED_UNITS | KNOWN
_DATA = re.compile(r"(?:[EUL]|-?[0-9]+(?:\.[0-9]+)?)(?: (?:[EUL]|-?[0-9]+(?:\.[0-9]+)?))*")
_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]{1,64}(?:/_history/.+)?")
_SERIES_MS = 1000  # from here on, a number tells of an interval and not of an instant
_TOLERANCE_MS = 1.0  # times are written in whole milliseconds


def cardinality(node: Node) -> Iterator[str]:
    """Required elements, primitives among them, and one choice of value[x] at most."""
    if not isinstance(node.value, dict):
        return
    element = definitions()["elements"].get(node.type, {"children": {}})
    for name, child in element["children"].items():
        stem = name.removesuffix("[x]")
        names = [stem + kind[0].upper() + kind[1:] for kind in child["types"]]
        present = [n for n in (names if stem != name else [name]) if _present(node.value, n)]
        if child["min"] > 0 and not present:
            yield f"{node.where}: {name} is required"
        if len(present) > 1:
            yield f"{node.where}: more than one {name}: {', '.join(present)}"


def _present(value: Json, name: str) -> bool:
    return name in value or f"_{name}" in value


def emptiness(node: Node) -> Iterator[str]:
    """No null, empty string, empty array or empty object (https://hl7.org/fhir/R4/json.html)."""
    if isinstance(node.value, dict):
        for name, value in node.value.items():
            if value is None or value in ("", [], {}):
                yield f"{node.where}.{name}: is empty"


def reference(node: Node, resolver: Resolver | None) -> Iterator[str]:
    """A reference's type is one that the element allows, and its target exists."""
    literal = node.value.get("reference") if node.type == "Reference" else None
    if literal is None or literal.startswith(("#", "urn:")):
        return
    found = _LITERAL.fullmatch(literal)
    if found is None:
        yield f"{node.where}: {literal!r} is not a reference"
    elif node.targets and not {found[1], "Resource"} & set(node.targets):
        yield f"{node.where}: {found[1]} is not one of {', '.join(node.targets)}"
    elif resolver is not None and not resolver(literal):
        yield f"{node.where}: there is no {literal}"


def contained(resource: Json) -> Iterator[str]:
    """dom-3: what is contained is referred to, or refers to its container."""
    for inner in resource.get("contained", []):
        used = f'"#{inner.get("id")}"' in _without(resource, inner)
        if not used and '"#"' not in json.dumps(inner):
            yield f"contained {inner.get('id')}: dom-3: nothing refers to it"


def _without(resource: Json, inner: Json) -> str:
    others = [other for other in resource["contained"] if other is not inner]
    return json.dumps(resource | {"contained": others})


def quantity(node: Node) -> Iterator[str]:
    """What claims to be UCUM is a code that this service speaks or takes."""
    if node.type != "Quantity" or node.value.get("system") != UCUM:
        return
    if node.value.get("code") not in UNITS:
        yield f"{node.where}: {node.value.get('code')!r} is not a UCUM unit in use here"


def ordered(node: Node) -> Iterator[str]:
    """per-1 and rng-2: the start is not after the end, the low not above the high."""
    if node.type == "Period" and {"start", "end"} <= set(node.value):
        start, end = node.value["start"], node.value["end"]
        if "T" in start and "T" in end:
            wrong = datetime.fromisoformat(start) > datetime.fromisoformat(end)
        else:  # as far as both say
            wrong = start[: min(10, len(end))] > end[: min(10, len(start))]
        if wrong:
            yield f"{node.where}: per-1: start is after end"
    if node.type != "Range" or not {"low", "high"} <= set(node.value):
        return
    low, high = node.value["low"], node.value["high"]
    if low.get("code") != high.get("code") or low.get("value", 0) > high.get("value", 0):
        yield f"{node.where}: rng-2: low is above high"


_INTERVAL = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SampledData.interval"


def sampled_data(node: Node) -> Iterator[str]:
    """Tokens, scale and, within an Observation, the count against its period."""
    if node.type != "SampledData":
        return
    value = node.value
    over_time = not any(each.get("url") == _INTERVAL for each in value.get("extension", []))
    if (over_time and value.get("period", 0) <= 0) or value.get("factor", 1) <= 0:
        yield f"{node.where}: period and factor must be positive"
    data = value.get("data")
    if data is None:
        return
    if not _DATA.fullmatch(data):
        yield f"{node.where}.data: is not numbers, E, U or L with single spaces between"
        return
    frames, rest = divmod(data.count(" ") + 1, value.get("dimensions", 1))
    if rest:
        yield f"{node.where}.data: does not fill its dimensions"
    if over_time:
        yield from _span(node, frames)


def _span(node: Node, frames: int) -> Iterator[str]:
    stated = node.resource.get("effectivePeriod")
    if stated is None:
        return
    start, end = (datetime.fromisoformat(stated[edge]) for edge in ("start", "end"))
    stated_ms = (end - start).total_seconds() * 1000
    period_ms = node.value["period"]
    if period_ms >= _SERIES_MS:
        # One number for each whole interval: the rest of the period has none.
        is_off = abs(stated_ms - frames * period_ms) > period_ms
    else:
        is_off = abs(stated_ms - (frames - 1) * period_ms) > _TOLERANCE_MS
    if is_off:
        yield f"{node.where}.data: {frames} frames do not span the effectivePeriod"


def narrative(node: Node) -> Iterator[str]:
    """A narrative is XHTML with something in it, and nothing active (txt-1, txt-2)."""
    if node.type != "Narrative":
        return
    try:
        root = ElementTree.fromstring(node.value.get("div", ""))  # noqa: S314 (our own documents)
    except ElementTree.ParseError as error:
        yield f"{node.where}.div: {error}"
        return
    if root.tag != "{http://www.w3.org/1999/xhtml}div" or not "".join(root.itertext()).strip():
        yield f"{node.where}.div: is not a div of XHTML with text"
    if any(element.tag.endswith(("}script", "}style", "}form")) for element in root.iter()):
        yield f"{node.where}.div: has active content"


def heart_rate(resource: Json) -> Iterator[str]:
    """HL7's heart rate profile: what its slices and fixed values ask beyond its invariants."""
    profiles = resource.get("meta", {}).get("profile", [])
    if "http://hl7.org/fhir/StructureDefinition/heartrate" not in profiles:
        return
    if not _has(resource.get("category", []), "vital-signs"):
        yield "heartrate: category vital-signs is required"
    if not _has([resource.get("code", {})], "8867-4"):
        yield "heartrate: code 8867-4 is required"
    if not resource.get("subject", {}).get("reference", "").startswith("Patient/"):
        yield "heartrate: subject must be a Patient"
    if "effectiveDateTime" not in resource and "effectivePeriod" not in resource:
        yield "heartrate: effective[x] is required"
    value = resource.get("valueQuantity")
    if value is not None and (value.get("code"), value.get("system")) != ("/min", UCUM):
        yield "heartrate: the unit must be /min"
    if value is not None and not {"value", "unit"} <= set(value):
        yield "heartrate: value and unit are required"


def _has(concepts: list[Any], code: str) -> bool:
    return any(
        coding.get("code") == code for concept in concepts for coding in concept.get("coding", [])
    )
