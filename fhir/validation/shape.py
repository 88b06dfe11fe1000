"""The shape of a resource: elements, types, cardinalities, codes (https://hl7.org/fhir/R4/json.html).

Rules that look at several elements (``fhir.validation.rules``) rely on what is checked here.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir import r4b
from fhir.r4b import Element
from fhir.validation import narrative, primitives
from fhir.validation.elements import SIBLING, WRITABLE, elements
from fhir.validation.issue import Issue, error
from fhir.values import Json

MAX_DEPTH = 48
CONTAINED = frozenset(WRITABLE) | {
    "Endpoint", "HealthcareService", "Media", "Medication", "Procedure", "RelatedPerson",
    "Specimen", "Substance",
}  # fmt: skip


def shape(resource: Json, type_: str, where: str | None = None, depth: int = 0) -> Iterator[Issue]:
    """What is wrong with a resource that is to be of ``type_``."""
    where = where or type_
    if resource.get("resourceType") != type_:
        yield error("structure", f"resourceType must be {type_}", where)
        return
    rest = {name: value for name, value in resource.items() if name != "resourceType"}
    if rest or depth:  # a resource of which nothing is known yet is one all the same
        yield from _object(rest, type_, where, depth)
    else:
        yield from _cardinality(rest, type_, where)


def _object(value: Json, type_: str, where: str, depth: int) -> Iterator[Issue]:
    if not value:
        yield error("structure", "must not be empty", where)
    known = elements(type_)
    for name, content in value.items():
        element, place = known.get(name), f"{where}.{name}"
        sibling = known.get(name.removeprefix("_"))
        if element is not None:
            yield from _element(content, element, place, depth + 1)
        elif name.startswith("_") and sibling is not None and _may_extend(sibling):
            yield from _siblings(content, sibling, value.get(sibling.name), place, depth + 1)
        else:
            yield error("structure", f"there is no element {name[:40]!r}", where)
    yield from _cardinality(value, type_, where)


def _cardinality(value: Json, type_: str, where: str) -> Iterator[Issue]:
    choices: dict[str, list[str]] = {}
    for name, element in elements(type_).items():
        present = name in value or (element.is_primitive and f"_{name}" in value)
        if element.required and not present:
            yield error("required", f"{name} is required", where)
        if element.choice is not None and present:
            choices.setdefault(element.choice, []).append(name)
    for stem, names in choices.items():
        if len(names) > 1:
            yield error("structure", f"only one {stem}[x], not {' and '.join(names)}", where)
    for stem in r4b.required_choices(type_) - set(choices):
        yield error("required", f"{stem}[x] is required", where)


def _element(content: Any, element: Element, where: str, depth: int) -> Iterator[Issue]:
    if not element.many:
        yield from _value(content, element, where, depth)
    elif not isinstance(content, list):
        yield error("structure", "must be an array", where)
    elif not content:
        yield error("structure", "must not be an empty array", where)
    else:
        for number, item in enumerate(content):
            yield from _value(item, element, f"{where}[{number}]", depth)


def _value(value: Any, element: Element, where: str, depth: int) -> Iterator[Issue]:
    if value is None:
        yield error("structure", "must not be null", where)
    elif element.is_primitive:
        yield from _primitive(value, element, where)
    elif not isinstance(value, dict):
        yield error("structure", "must be an object", where)
    elif depth > MAX_DEPTH:
        yield error("too-long", "is nested too deep", where)
    elif element.type == "Resource":
        yield from _contained(value, where, depth)
    else:
        yield from _object(value, element.type, where, depth)


def _primitive(value: Any, element: Element, where: str) -> Iterator[Issue]:
    wrong = primitives.problem(element.type, value)
    if wrong is None and element.type == "xhtml":
        wrong = narrative.problem(value)
    if wrong is not None:
        yield error("value", wrong, where)
    elif element.codes and value not in element.codes:
        told = f"{value[:40]!r} is not one of {', '.join(sorted(element.codes))}"
        yield error("code-invalid", told, where)


def _may_extend(element: Element) -> bool:
    """Whether extensions may stand beside an element: it is a primitive, and no bare string.

    HL7's R4 schema has no place for those of a canonical: what it refuses is not stored.
    """
    return (
        element.is_primitive and element.name not in ("id", "div") and element.type != "canonical"
    )


def _siblings(
    content: Any, element: Element, values: Any, where: str, depth: int
) -> Iterator[Issue]:
    """Ids and extensions of primitives: one object, or one for each value of an array."""
    both = element.many and isinstance(content, list) and isinstance(values, list)
    if both and len(content) != len(values):
        yield error("structure", f"must be as many as of {element.name}", where)
    yield from _element(content, replace(SIBLING, many=element.many), where, depth)


def _contained(value: Json, where: str, depth: int) -> Iterator[Issue]:
    type_ = value.get("resourceType")
    if not isinstance(type_, str) or type_ not in CONTAINED:
        yield error("not-supported", f"may contain only {', '.join(sorted(CONTAINED))}", where)
    elif "contained" in value:
        yield error("structure", "dom-2: what is contained contains nothing", where)
    elif "id" not in value:
        yield error("required", "what is contained has an id", where)
    else:
        yield from shape(value, type_, where, depth)
