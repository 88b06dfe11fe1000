"""The head that all conformance resources share (https://hl7.org/fhir/R4/metadatatypes.html)."""

from typing import Any

from fhir.codes import BASE
from fhir.values import Json

VERSION = "1.0.0"
"""Version of all artefacts together; it rises whenever one of them changes its meaning."""
DATE = "2026-11-22"


def canonical(type_: str, id_: str) -> str:
    """The URL of an artefact of ours; it identifies and need not resolve."""
    return f"{BASE}/{type_}/{id_}"


def artefact(type_: str, id_: str, title: str, description: str, **elements: Any) -> Json:
    """A conformance resource: head, then its own ``elements``."""
    return {
        "resourceType": type_,
        "id": id_,
        "url": canonical(type_, id_),
        "version": VERSION,
        "name": "".join(part.capitalize() for part in id_.replace("_", "-").split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": "hisbundle",
        "description": description,
    } | elements
