"""FHIR data types as plain data (https://hl7.org/fhir/R4/datatypes.html)."""

from datetime import datetime
from html import escape
from typing import Any

from core.moments import instant as instant
from fhir.codes import UCUM, Code, Unit, concept

Json = dict[str, Any]


def decimal(value: float, digits: int) -> float | int:
    """``value`` to ``digits`` places, without a fraction where it has none."""
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded


def quantity(value: float, unit: Unit, digits: int) -> Json:
    """A Quantity in a UCUM unit."""
    return {
        "value": decimal(value, digits),
        "unit": unit.name,
        "system": UCUM,
        "code": unit.code,
    }


def component(code: Code, text: str | None = None, /, **value: Any) -> Json:
    """A component of an Observation, such as ``component(BEATS, valueInteger=12)``."""
    return {"code": concept(code, text=text), **value}


def period(start: datetime, end: datetime | None) -> Json:
    """A Period, open without ``end``."""
    return compact({"start": instant(start), "end": None if end is None else instant(end)})


def reference(type_: str, id_: str) -> Json:
    """A reference within this server."""
    return {"reference": f"{type_}/{id_}"}


def narrative(text: str) -> Json:
    """A generated narrative: one paragraph of plain text."""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text, quote=False)}</div>'
    return {"status": "generated", "div": div}


def unversioned(resource: Json) -> Json:
    """A resource without what a server says of its version; the rest of its ``meta`` stays."""
    rest = {name: value for name, value in resource.items() if name != "meta"}
    meta = resource.get("meta") or {}
    kept = {n: v for n, v in meta.items() if n not in ("versionId", "lastUpdated")}
    return rest | {"meta": kept} if kept else rest


def compact(elements: Json) -> Json:
    """``elements`` less those that are absent: FHIR knows neither null nor empty array."""
    return {name: value for name, value in elements.items() if value not in (None, [], {}, "")}
