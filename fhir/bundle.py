"""Bundles that answer a search or a history request (https://hl7.org/fhir/R4/bundle.html).

A resource may be given as a dict or as ``orjson.Fragment`` of its stored bytes: what is stored
as JSON is never parsed to be sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fhir.values import Json, compact, instant


def searchset(entries: Sequence[Json], links: Mapping[str, str], total: int | None = None) -> Json:
    """One page of a search; ``links`` by relation ("self", "next"), absolute."""
    return _bundle("searchset", entries, links, total)


def history(entries: Sequence[Json], links: Mapping[str, str], total: int | None = None) -> Json:
    """Versions of a resource, the newest first."""
    return _bundle("history", entries, links, total)


def match(base_url: str, type_: str, id_: str, resource: Any, mode: str = "match") -> Json:
    """An entry of a searchset; ``mode`` is match, include or outcome."""
    return {
        "fullUrl": f"{base_url}/{type_}/{id_}",
        "resource": resource,
        "search": {"mode": mode},
    }


def version(
    base_url: str,
    type_: str,
    id_: str,
    resource: Any,
    *,
    number: int,
    last_updated: datetime,
) -> Json:
    """An entry of a history; ``resource`` is None where that version is the deletion."""
    place = f"{type_}/{id_}"
    deleted = resource is None
    method, status = ("DELETE", "204") if deleted else ("PUT", "201" if number == 1 else "200")
    return compact(
        {
            "fullUrl": f"{base_url}/{place}",
            "resource": resource,
            "request": {"method": method, "url": place},
            "response": {
                "status": status,
                "etag": f'W/"{number}"',
                "lastModified": instant(last_updated),
            },
        }
    )


def _bundle(
    type_: str, entries: Sequence[Json], links: Mapping[str, str], total: int | None
) -> Json:
    return compact(
        {
            "resourceType": "Bundle",
            "type": type_,
            "total": total,
            "link": [{"relation": name, "url": url} for name, url in links.items()],
            "entry": list(entries),
        }
    )
