"""Resources as strangers may send them: made at random from the declared elements, then spoilt."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from fhir.codes import UCUM
from fhir.r4b import Element
from fhir.validation.elements import elements
from fhir.values import Json

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Some <b>text</b></div>'
DEPTH = 4
GOOD: dict[str, tuple[Any, ...]] = {
    "string": ("a", "Zoë Ångström", "two\nlines", "no\u00a0break", "山田\u3000太郎"),
    "markdown": ("*a*", "two\nlines"),
    "id": ("a", "A-1.b"),
    "code": ("final", "two words", "UTC"),
    "uri": ("http://example.org/a", "urn:oid:1.2.3"),
    "url": ("https://example.org/a", "mailto:a@example.org"),
    "canonical": ("http://example.org/a|1.0",),
    "oid": ("urn:oid:1.2.36.146",),
    "uuidVersion": ("urn:uuid:0b9f6f5e-58c9-5d5c-9a7b-2f3a4c5d6e7f",),
    "boolean": (True, False),
    "integer": (0, -7, 2**31 - 1),
    "positiveInt": (1, 5),
    "unsignedInt": (0, 3),
    "decimal": (0, 1, 0.5, 72.25, -3),
    "date": ("2026", "2026-03", "2026-03-01"),
    "dateTime": ("2026", "2026-03-01", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.120+14:00"),
    "instant": ("2026-03-01T12:00:00.000Z", "2026-03-02T12:00:00-05:00"),
    "time": ("12:00:00", "23:59:59.5"),
    "encodedBytes": ("AAAA", "YQ=="),
    "xhtml": (DIV,),
}
BAD: tuple[Any, ...] = (
    None, "", " ", [], {}, [None], [{}], "bogus", "x\x00y", "\x1b", 0, -1, 1.5, 10**12, True,
    "2026-13-01", "2026-02-30", "2026-03-01T12:00:00", "2026-03-01T24:00:00Z", "0000",
    "a b", "Patient/1", "Unicorn/1", "#x", "#", "javascript:alert(1)", "1 2 X", "1  2", "E U 5",
    DIV.replace("text", "<script>1</script>"), DIV.replace("<b>", "<b onclick='x'>"),
    "<div>no namespace</div>", "<div xmlns='http://www.w3.org/1999/xhtml'> </div>",
    {"url": "http://example.org/x"}, {"url": "http://example.org/x", "valueString": "a"},
    {"extension": [{"url": "http://example.org/x", "valueCode": "a"}]}, {"value": 1},
    {"reference": "Practitioner/1"}, {"reference": "Patient/1"}, {"start": "2027", "end": "2026"},
    {"start": "2026-03-01T12:00:00Z", "end": "2026-03-01T12:00:00.008Z"}, {"coding": []},
    {"coding": [{"code": "x"}]}, {"text": "x"}, {"resourceType": "Patient", "id": "x"},
    [{"resourceType": "Patient", "id": "x"}], [{"resourceType": "Basic", "id": "x"}],
)  # fmt: skip
NAMES = (
    "colour", "resourceType", "_status", "_id", "id", "contained", "value", "valueString",
    "valueInteger", "_valueString", "dataAbsentReason", "extension", "modifierExtension",
    "interval", "code", "implicitRules", "_birthDate", "status", "text", "div", "reference",
)  # fmt: skip


def resource(rng: random.Random, type_: str) -> Json:
    """A resource of a type whose every element is of the right form."""
    made: Json = {"resourceType": type_, "id": "x"} | filled(rng, type_, DEPTH)
    if rng.random() < 0.2:
        kind = rng.choice(("Patient", "Specimen", "Organization", "Device"))
        inner = {"resourceType": kind} | filled(rng, kind, DEPTH - 1) | {"id": "c"}
        within = {"url": "http://example.org/c", "valueReference": {"reference": "#c"}}
        made |= {"contained": [inner], "extension": [within]}
    if type_ == "Observation" and rng.random() < 0.3:
        made |= _heart_rate(made)
    return made


def _heart_rate(made: Json) -> Json:
    """A claim of HL7's profile, and what it asks."""
    for name in [n for n in made if n.startswith(("value", "effective", "data", "component"))]:
        del made[name]
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/heartrate"]},
        "category": [{"coding": [{"system": category, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-03-01T12:00:00Z",
        "valueQuantity": {"value": 72, "unit": "/min", "system": UCUM, "code": "/min"},
    }


def filled(rng: random.Random, type_: str, depth: int) -> Json:
    """An object of a type; deeper ones have fewer elements."""
    value = {element.name: content(rng, element, depth) for element in _wanted(rng, type_, depth)}
    return _usual(rng, type_, value)


def _wanted(rng: random.Random, type_: str, depth: int) -> Iterator[Element]:
    chosen: set[str | None] = {None}
    some = list(elements(type_).values())
    rng.shuffle(some)
    chance = 0.25 if depth == DEPTH else 0.4 if depth > 1 else 0.0
    for element in some:
        if element.name in ("contained", "implicitRules", "modifierExtension", "meta"):
            continue
        if element.name in ("extension", "id") and rng.random() < 0.9:
            continue
        if element.choice in chosen and element.choice is not None:
            continue
        if element.required or element.choice == "value" or rng.random() < chance:
            chosen.add(element.choice)
            yield element


def content(rng: random.Random, element: Element, depth: int) -> Any:
    """A value of an element, or an array of them."""
    if element.many:
        return [_one(rng, element, depth) for _ in range(rng.choice((1, 1, 2)))]
    return _one(rng, element, depth)


def _one(rng: random.Random, element: Element, depth: int) -> Any:
    if element.codes:
        return rng.choice(sorted(element.codes))
    if element.is_primitive:
        return rng.choice(GOOD[element.type])
    if element.type == "Reference":
        targets = sorted(element.targets - {"Resource"}) or ["Patient"]
        return {"reference": f"{rng.choice(targets)}/1"}
    return filled(rng, element.type, depth - 1)


def _usual(rng: random.Random, type_: str, value: Json) -> Json:
    """What chance alone would hardly ever get right."""
    if type_ in ("Quantity", "Duration", "Distance", "Count", "Age"):
        code = "1" if type_ == "Count" else rng.choice(("mg", "/min"))
        return {"value": 3, "unit": code, "system": UCUM, "code": code}
    if type_ == "SampledData":
        origin = {"value": 0, "unit": "mV", "system": UCUM, "code": "mV"}
        return {"origin": origin, "period": 8, "dimensions": 1, "data": "1 E 2"}
    if type_ == "Extension":
        return {"url": "http://example.org/x", "valueString": "a"}
    if type_ == "ContactPoint":
        return {"system": "phone"} | value
    if type_ == "Range":
        return {name: _usual(rng, "Quantity", {}) | {"code": "mg"} for name in ("low", "high")}
    if type_ == "Ratio":
        return {name: _usual(rng, "Quantity", {}) for name in ("numerator", "denominator")}
    if type_ == "Period":
        return {"start": "2026-03-01T12:00:00.000Z", "end": "2026-03-01T12:00:00.016Z"}
    return value or {"extension": [_usual(rng, "Extension", {})]}


def spoilt(rng: random.Random, good: Json) -> Json:
    """A copy with something changed, removed, added or moved."""
    made = copy.deepcopy(good)
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(_CHANGES)(rng, *rng.choice(list(_places(made))))
    return made


Place = tuple[Any, Any]


def _places(node: Any) -> Iterator[Place]:
    """Every (container, key) of a tree."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(pairs):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _remove(_: random.Random, holder: Any, key: Any) -> None:
    del holder[key]


def _replace(rng: random.Random, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(rng.choice(BAD))


def _wrap(rng: random.Random, holder: Any, key: Any) -> None:
    value = holder[key]
    holder[key] = value[0] if isinstance(value, list) and value else [value]


def _add(rng: random.Random, holder: Any, _: Any) -> None:
    every = [v for pool in GOOD.values() for v in pool] + list(BAD)
    if isinstance(holder, dict):
        holder[rng.choice(NAMES)] = copy.deepcopy(rng.choice(every))
    else:
        holder.append(copy.deepcopy(rng.choice(every)))


def _extend(_: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict) and isinstance(key, str):
        holder["_" + key] = {"extension": [{"url": "http://example.org/x", "valueCode": "a"}]}


def _swap(rng: random.Random, holder: Any, key: Any) -> None:
    """The value under another element's name, or another value there."""
    if isinstance(holder, dict):
        other = rng.choice(sorted(holder))
        holder[key], holder[other] = holder[other], holder[key]


def _another(rng: random.Random, holder: Any, key: Any) -> None:
    pool = next((p for p in GOOD.values() if holder[key] in p), BAD)
    holder[key] = copy.deepcopy(rng.choice(pool))


_CHANGES: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    _remove, _replace, _wrap, _add, _extend, _swap, _another, _another,
)  # fmt: skip
