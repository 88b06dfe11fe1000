"""A DiagnosticReport and what it speaks of as one document (https://hl7.org/fhir/R4/documents.html).

The Composition is made for the document and is stored nowhere; it says what the report says.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from fhir.search.values import elements
from fhir.values import Json, compact, instant, narrative, reference

_STATUSES = {
    "registered": "preliminary",
    "partial": "preliminary",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "corrected": "amended",
    "appended": "amended",
    "entered-in-error": "entered-in-error",
}
_SPOKEN_OF = (
    "subject", "encounter", "performer", "resultsInterpreter", "result", "specimen", "basedOn",
)  # fmt: skip
_AUTHORS = {
    "Practitioner",
    "PractitionerRole",
    "Device",
    "Patient",
    "RelatedPerson",
    "Organization",
}


def spoken_of(resource: Json) -> list[str]:
    """``Type/id`` of what a report or a result refers to, each once, in the order of elements."""
    found = [
        str(each)
        for name in (*_SPOKEN_OF, "device", "derivedFrom", "hasMember")
        for each in elements(resource, f"{name}.reference")
    ]
    return list(dict.fromkeys(found))


def composition(report: Json, results: Sequence[Json], device: str | None, at: datetime) -> Json:
    """The Composition of a report; ``device`` is the ``Type/id`` that made its results, if any."""
    authors = [
        {"reference": name}
        for name in elements(report, "performer.reference")
        if str(name).partition("/")[0] in _AUTHORS
    ]
    if not authors:
        authors = [{"reference": device}] if device else [{"display": "hisbundle"}]
    text = str(report.get("conclusion") or report["code"].get("text") or "ECG report")
    return compact(
        {
            "resourceType": "Composition",
            "id": str(uuid4()),
            "text": narrative(text),
            "status": _STATUSES.get(report["status"], "preliminary"),
            "type": report["code"],
            "category": report.get("category"),
            "subject": report.get("subject"),
            "encounter": report.get("encounter"),
            "date": instant(at),
            "author": authors,
            "title": "ECG monitoring report",
            "section": [
                _section("Report", text, [report]),
                *([_section("Results", _listed(results), results)] if results else []),
            ],
        }
    )


def _section(title: str, text: str, entries: Iterable[Json]) -> Json:
    places = [reference(entry["resourceType"], entry["id"]) for entry in entries]
    return {"title": title, "text": narrative(text), "entry": places}


def _listed(results: Sequence[Json]) -> str:
    names = (next(elements(each, "code.coding.display"), each["id"]) for each in results)
    return "; ".join(str(name) for name in names)


def document_bundle(
    base: str, first: Json, others: Sequence[tuple[Json, Any]], at: datetime
) -> Json:
    """A Bundle of type document: the Composition ``first``, then resources with what to send."""
    placed = [(first, first), *others]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid4()}"},
        "type": "document",
        "timestamp": instant(at),
        "entry": [
            {"fullUrl": f"{base}/{known['resourceType']}/{known['id']}", "resource": content}
            for known, content in placed
        ],
    }
