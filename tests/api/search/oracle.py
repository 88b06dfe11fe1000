"""What a search means, as a plain loop over resources; it shares nothing with the product's code.

Source: https://hl7.org/fhir/R4/search.html
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir.search.value_sets import VALUE_SETS
from fhir.values import Json
from tests.api.search.world import WORLD
from tests.api.support import BASE

Pair = tuple[str, str]
Span = tuple[datetime, datetime]
LEAST = datetime(1, 1, 2, tzinfo=UTC)

TOKENS = {"code": "code", "combo-code": "code|component.code", "category": "category"}
PLAIN = {
    "status": "status", "gender": "gender", "deceased": "", "location": "content.attachment.url",
}  # fmt: skip
STRINGS = {
    "value-string": "valueString|valueCodeableConcept.text",
    "family": "name.family",
    "given": "name.given",
}
DATES = {
    "date": "effectiveDateTime|effectivePeriod", "value-date": "valueDateTime",
    "birthdate": "birthDate", "death-date": "deceasedDateTime",
}  # fmt: skip
REFERENCES = {
    "subject": "subject", "device": "device", "patient": "subject",
    "general-practitioner": "generalPractitioner",
}  # fmt: skip


def walk(node: Any, paths: str) -> Iterator[Any]:
    """All nodes at dotted paths, with a | between them."""
    for path in paths.split("|"):
        name, _, rest = path.partition(".")
        found = node.get(name, [])
        for item in found if isinstance(found, list) else [found]:
            yield from walk(item, rest) if rest else (item,)


def fulfils(body: Json, pair: Pair, world: list[Json] = WORLD) -> bool:
    """Whether a resource is what one parameter asks for, in a world of what may be seen."""
    name, value = pair
    plain, _, modifier = name.partition(":")
    if plain == "_has":
        return any(_refers_back(body, modifier, value, other, world) for other in world)
    if "." in name:
        head, _, rest = name.partition(".")
        plain, _, type_ = head.partition(":")
        return any(
            fulfils(end, (rest, value), world)
            for end in world
            if _name(end) in _references(body, plain) and type_ in ("", end["resourceType"])
        )
    if modifier == "not":
        return not fulfils(body, (plain, value), world)
    if modifier == "missing":
        return _is_missing(body, plain) == (value == "true")
    return any(_one(body, plain, modifier, part) for part in value.split(","))


def _refers_back(body: Json, path: str, value: str, other: Json, world: list[Json]) -> bool:
    type_, param, rest = path.split(":", 2)
    return (
        other["resourceType"] == type_
        and _name(body) in _references(other, param)
        and fulfils(other, (rest, value), world)
    )


def _name(body: Json) -> str:
    return f"{body['resourceType']}/{body['id']}"


def _references(body: Json, name: str) -> list[str]:
    path = "patient" if body["resourceType"] == "Device" else REFERENCES[name]
    found = [node["reference"] for node in walk(body, path) if "reference" in node]
    return [f for f in found if name != "patient" or f.startswith("Patient/")]


def _is_missing(body: Json, name: str) -> bool:
    if name in ("date", "value-date", "birthdate", "death-date"):
        return not spans(body, name)
    if name in REFERENCES:
        identified = [node for node in walk(body, REFERENCES[name]) if "identifier" in node]
        return not _references(body, name) and not identified
    if name == "value-quantity":
        return "valueQuantity" not in body
    paths = TOKENS.get(name) or STRINGS.get(name) or PLAIN[name]
    return not list(walk(body, paths))


def _one(body: Json, name: str, modifier: str, value: str) -> bool:
    if name == "_id":
        return bool(body["id"] == value)
    if name == "_lastUpdated":
        return value.startswith("g")
    if name == "identifier":
        system, bar, code = value.rpartition("|")
        return any(
            i["value"] == code and (not bar or i["system"] == system) for i in body["identifier"]
        )
    if name in TOKENS:
        return _token(body, TOKENS[name], modifier, value)
    if name in STRINGS:
        return any(_string(text, modifier, value) for text in walk(body, STRINGS[name]))
    if name in DATES:
        return any(dated(span, value) for span in spans(body, name))
    if name in REFERENCES:
        return _reference(body, name, modifier, value)
    if name == "value-quantity":
        return any(_quantity(q, value) for q in walk(body, "valueQuantity"))
    if name == "deceased":
        return ("deceasedDateTime" in body) == (value == "true")
    return value in walk(body, PLAIN[name])


def _token(body: Json, paths: str, modifier: str, value: str) -> bool:
    concepts = list(walk(body, paths))
    codings = [c for concept in concepts for c in concept.get("coding", [])]
    if modifier == "text":
        shown = [c["text"] for c in concepts if "text" in c] + [c["display"] for c in codings]
        return any(f" {fold(text)}".find(f" {fold(value)}") >= 0 for text in shown)
    if modifier == "in":
        return any((c["system"], c["code"]) in VALUE_SETS[value] for c in codings)
    system, bar, code = value.rpartition("|")
    return any((not code or c["code"] == code) and (not bar or c["system"] == system)
               for c in codings)  # fmt: skip


def fold(text: str) -> str:
    """Without case, accents and width of spaces."""
    split = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c for c in split if unicodedata.category(c) != "Mn").split())


def _string(text: str, modifier: str, value: str) -> bool:
    if modifier == "exact":
        return text == value
    return fold(value) in fold(text) if modifier else fold(text).startswith(fold(value))


def _reference(body: Json, name: str, modifier: str, value: str) -> bool:
    if modifier == "identifier":
        identifiers = [n["identifier"] for n in walk(body, REFERENCES[name]) if "identifier" in n]
        return value in [f"{i['system']}|{i['value']}" for i in identifiers]
    usual = {"device": "Device", "general-practitioner": "Practitioner"}.get(name, "Patient")
    wanted = value.removeprefix(f"{BASE}/")
    return (wanted if "/" in wanted else f"{modifier or usual}/{wanted}") in _references(body, name)


def _quantity(quantity: Json, text: str) -> bool:
    prefix = text[:2] if text[0].isalpha() else "eq"
    written, *unit = text.removeprefix(prefix if text[0].isalpha() else "").split("|")
    if unit:
        named = [quantity.get("code")] + ([] if unit[0] else [quantity.get("unit")])
        if unit[1] not in named or unit[0] not in ("", quantity.get("system")):
            return False
    value, asked = Decimal(str(quantity["value"])), Decimal(written)
    _, _, decimals = written.partition(".")
    half = Decimal(1) / Decimal(10) ** len(decimals) / 2
    equal = asked - half <= value < asked + half
    return {
        "eq": equal, "ne": not equal, "gt": value > asked, "lt": value < asked,
        "ge": value >= asked, "le": value <= asked, "sa": value > asked, "eb": value < asked,
        "ap": abs(value - asked) <= max(half, abs(asked) / 10),
    }[prefix]  # fmt: skip


def spans(body: Json, name: str) -> list[Span]:
    """The times of a resource under a date parameter, ends excluded."""
    found = []
    for node in walk(body, DATES[name]):
        if isinstance(node, str):
            found.append(span(node))
        else:
            found.append((span(node["start"])[0], span(node["end"])[1]))
    return found


def span(text: str) -> Span:
    """The first instant of a date or time, and the first after it."""
    parts = [int(part) for part in text[:10].split("-")]
    low = datetime(*[*parts, 1, 1][:3], tzinfo=UTC)  # type: ignore[misc, arg-type]
    if len(parts) == 1:
        return low, low.replace(year=low.year + 1)
    if len(parts) == 2:
        return low, low.replace(year=low.year + low.month // 12, month=low.month % 12 + 1)
    if len(text) == 10:
        return low, low + timedelta(days=1)
    width = {17: 60_000, 20: 1000, 24: 1}[len(text)]
    low = datetime.fromisoformat(text)
    return low, low + timedelta(milliseconds=width)


def dated(own: Span, text: str) -> bool:
    """Whether a time compares as a date with its prefix asks."""
    prefix = text[:2] if text[0].isalpha() else "eq"
    low, high = span(text.removeprefix(prefix) if text[0].isalpha() else text)
    if prefix == "ap":
        margin = abs(datetime.now(UTC) - low) / 10
        return own[0] < high + margin and own[1] > low - margin
    within = low <= own[0] and own[1] <= high
    return {
        "eq": within, "ne": not within, "gt": own[1] > high, "lt": own[0] < low,
        "ge": own[1] > high or within, "le": own[0] < low or within,
        "sa": own[0] >= high, "eb": own[1] <= low,
    }[prefix]  # fmt: skip


def ordered(found: list[Json], sort: list[str]) -> list[Json]:
    """In the order of ``sort``; of several values the least counts, or descending the greatest."""
    keys = list(sort)
    if "_id" not in [key.strip("-") for key in keys]:
        keys.append("-_id" if keys[-1].startswith("-") else "_id")
    for key in reversed(keys):
        down = key.startswith("-")
        found = sorted(found, key=lambda b: _sorted_by(b, key.strip("-"), down), reverse=down)
    return found


def _sorted_by(body: Json, name: str, down: bool) -> tuple[bool, Any]:
    values = list(_values(body, name))
    return (True, max(values) if down else min(values)) if values else (False, 0)


def _values(body: Json, name: str) -> Iterator[Any]:
    if name == "_id":
        yield body["id"]
    elif name == "_lastUpdated":
        yield 0  # all were written at once
    elif name in TOKENS:
        yield from (c["code"] for c in walk(body, f"{TOKENS[name]}.coding"))
    elif name in STRINGS:
        yield from map(fold, walk(body, STRINGS[name]))
    elif name == "value-quantity":
        yield from (Decimal(str(q["value"])) for q in walk(body, "valueQuantity"))
    elif name in DATES:
        yield from (low for low, _ in spans(body, name))
    elif name in REFERENCES:
        yield from _references(body, name)
    else:
        yield from walk(body, PLAIN[name])
