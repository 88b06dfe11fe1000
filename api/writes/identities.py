"""Which resource each entry of a transaction is about, before any of them is carried out.

https://hl7.org/fhir/R4/http.html#trules: conditions are looked up first, no two entries may be
about one resource, and references to entries become references to what they are about.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.requests import Request

from api.grants import grant
from api.writes import conditional
from api.writes.entries import Entry
from api.writes.writer import Writer
from core.errors import Incorrect, Invalid, Unmet
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from fhir.search.registry import TYPES
from fhir.values import Json
from store.resources import Key

_BY_ID = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
_BY_CRITERIA = re.compile(r"([A-Z][A-Za-z]{1,63})\?(.+)")
_RESTFUL = re.compile(r"(https?://.+)/[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
_POINTING = ("reference", "url", "uri", "valueUri", "valueUrl", "valueUuid")
"""Elements whose value may be the fullUrl of another entry."""
_PLACEHOLDERS = ("urn:uuid:", "urn:oid:")
"""What means another entry, and nothing once the Bundle is gone."""


@dataclass(slots=True)
class Identities:
    """What is known so far: ``places`` gives ``Type/id`` by fullUrl, ``written`` is about whom."""

    writer: Writer
    places: dict[str, str] = field(default_factory=dict)
    written: set[Key] = field(default_factory=set)
    _awaited: dict[tuple[str, str], str] = field(default_factory=dict)
    _criteria: dict[str, str] = field(default_factory=dict)

    async def resolve(self, request: Request, entry: Entry) -> tuple[Entry, str | None]:
        """``entry`` with an id in place of criteria, and the id that a POST is given.

        Raises Incorrect for an identity that another entry has, Unmet for one that is not clear.
        """
        kind = TYPES.get(entry.path.partition("/")[0])
        if kind is None or entry.method in ("GET", "HEAD"):
            return entry, None
        if entry.method == "POST":
            return entry, await self._posted(request, kind, entry)
        match = _BY_ID.fullmatch(entry.path)
        if entry.path == kind.name:
            entry = await self._found(request, kind, entry)
            match = _BY_ID.fullmatch(entry.path)
        if match is not None:
            self._take(entry, (match[1], match[2]), is_new=True)
        return entry, None

    async def _posted(self, request: Request, kind: ResourceType, entry: Entry) -> str | None:
        if entry.path != kind.name:  # an operation
            return None
        criteria = conditional.of_header(request, kind)
        if criteria is None:
            name = str(uuid4())
            self._take(entry, (kind.name, name), is_new=True)
            return name
        same = (kind.name, str(sorted(criteria)))
        if same not in self._awaited:
            found = await conditional.match(request, self.writer, kind, criteria)
            self._awaited[same] = str(uuid4()) if found is None else found.id
        name = self._awaited[same]
        self._take(entry, (kind.name, name), is_new=False)
        return name

    async def _found(self, request: Request, kind: ResourceType, entry: Entry) -> Entry:
        """An entry by criteria as one by id; as it is where nothing fulfils them."""
        criteria = conditional.of_url(request, kind)
        found = await conditional.match(request, self.writer, kind, criteria)
        if entry.method != "PUT":
            return (
                entry if found is None else replace(entry, path=f"{kind.name}/{found.id}", query="")
            )
        resource = entry.resource or {}
        name = found.id if found is not None else str(resource.get("id") or uuid4())
        if found is not None and resource.get("id", name) != name:
            raise Incorrect(f"resource.id: the criteria are fulfilled by {kind.name}/{name}")
        path = f"{kind.name}/{name}"
        return replace(entry, path=path, query="", resource=resource | {"id": name})

    def _take(self, entry: Entry, key: Key, *, is_new: bool) -> None:
        if is_new and key in self.written:
            raise Incorrect(f"request.url: another entry is about {'/'.join(key)} too")
        if is_new:
            self.written.add(key)
        if entry.full_url is not None and entry.method in ("POST", "PUT"):
            if entry.full_url in self.places:
                raise Incorrect("fullUrl: another entry has the same")
            self.places[entry.full_url] = "/".join(key)

    async def pointed(self, request: Request, entry: Entry) -> Entry:
        """``entry`` with references to entries, and those by criteria, as ``Type/id``."""
        if entry.resource is None or entry.method == "PATCH":
            return entry
        for literal in set(_conditional(entry.resource)):
            if literal not in self._criteria:
                self._criteria[literal] = await self._by_criteria(request, literal)
        match = _RESTFUL.fullmatch(entry.full_url or "")
        root = match[1] if match else None
        made = _pointed(entry.resource, self.places | self._criteria, root)
        return replace(entry, resource=made)

    async def _by_criteria(self, request: Request, literal: str) -> str:
        name, _, query = literal.partition("?")
        kind = TYPES.get(name)
        if kind is None:
            raise Incorrect(f"reference: this server has no {name}")
        sight = grant(request, name, Action.SEARCH)
        pairs = parse_qsl(query, keep_blank_values=True)
        found = await conditional.find(request, self.writer, sight, pairs)
        if len(found) != 1:
            many = "several resources" if found else "no resource"
            raise Unmet(f"reference: {many} of type {name} fulfil the criteria")
        return f"{name}/{found[0].id}"


def _conditional(node: Any) -> list[str]:
    """References by criteria."""
    if isinstance(node, list):
        return [literal for item in node for literal in _conditional(item)]
    if not isinstance(node, dict):
        return []
    literal = node.get("reference")
    own = [literal] if isinstance(literal, str) and _BY_CRITERIA.fullmatch(literal) else []
    return own + [found for value in node.values() for found in _conditional(value)]


def _pointed(node: Any, places: Mapping[str, str], root: str | None) -> Any:
    """The same, pointing at ``places``; relative references stand below ``root``."""
    if isinstance(node, list):
        return [_pointed(item, places, root) for item in node]
    if not isinstance(node, dict):
        return node
    made: Json = {}
    for name, value in node.items():
        if isinstance(value, str):
            made[name] = _place(name, value, places, root)
        else:
            made[name] = _pointed(value, places, root)
    return made


def _place(name: str, value: str, places: Mapping[str, str], root: str | None) -> str:
    if name == "div" and "urn:" in value:
        for full_url, place in places.items():
            value = value.replace(f'"{full_url}"', f'"{place}"')
        return value
    if name not in _POINTING:
        return value
    below = places.get(f"{root}/{value}") if root and name == "reference" else None
    found = places.get(value) or below
    if found is None and name == "reference" and value.startswith(_PLACEHOLDERS):
        raise Invalid(f"reference: no entry has the fullUrl {value[:80]!r}")
    return found or value
