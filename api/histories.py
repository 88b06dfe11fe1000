"""History of one resource, of a type, and of all types (https://hl7.org/fhir/R4/http.html#history).

A page may be shorter than asked for where much had to be left out: the link ``next`` tells
whether there is more.
"""

from collections.abc import Mapping
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import denied, grant
from api.links import url
from api.reads import resource_id
from api.requests import caller, is_lenient, negotiate
from api.site import Site, site
from fhir import bundle
from fhir.access.grant import Grant
from fhir.access.scopes import Action, ways
from fhir.history import History, parse
from fhir.search.params import Interaction, ResourceType
from fhir.search.registry import TYPES
from fhir.values import Json, instant
from store.criteria import SortColumn, SortKey
from store.database import Transaction
from store.history import Place, Wanted, place, versions
from store.resources import Document
from store.search import begin
from store.searcher import LIMIT_S

EXAMINED_MAX = 2000
"""Versions that a request looks at, seen or left out."""
_AT_ONCE = 100
_BY_TIME = (SortKey(SortColumn.LAST_UPDATED), *[SortKey(SortColumn.ID)] * 3)
Sights = Mapping[str, Grant]
"""What the caller may read, by type."""


async def of_resource(request: Request, kind: ResourceType) -> Response:
    """The versions of one resource, newest first, in pages."""
    sights = {kind.name: grant(request, kind.name, Action.READ)}
    name = resource_id(request)
    return await _history(request, sights, f"{kind.name}/{name}", name)


async def of_type(request: Request, kind: ResourceType) -> Response:
    """The versions of all resources of a type, newest first, in pages."""
    return await _history(request, {kind.name: grant(request, kind.name, Action.READ)}, kind.name)


async def of_system(request: Request) -> Response:
    """The versions of all that the caller may read, newest first, in pages."""
    rights = caller(request).rights
    found = {
        kind.name: Grant(kind.name, ways(rights, kind.name, Action.READ))
        for kind in TYPES.values()
        if Interaction.HISTORY_TYPE in kind.interactions
    }
    sights = {name: sight for name, sight in found.items() if sight.ways}
    if not sights:
        raise denied(request, f"system/*.{Action.READ}")
    return await _history(request, sights, "")


async def _history(
    request: Request, sights: Sights, below: str, name: str | None = None
) -> Response:
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    here, pairs = site(request), request.query_params.multi_items()
    asked = parse(pairs, here.limits, lenient=is_lenient(request))
    base = here.base(request)
    path = "/".join(filter(None, (base, below, "_history")))
    wanted = _wanted(here, path, asked, _of(sights, name))
    async with here.database.transaction() as tx:
        stamp = await begin(tx, LIMIT_S)
        shown, rest = await _page(tx, sights, wanted, asked.count)
        if name is not None and not shown and asked.cursor is None:
            await _known(tx, sights, name)
        disclose(request, shown)
        entries = [await _entry(here, tx, document, base) for document in shown]
    links = {"self": url(path, asked.applied)}
    if rest is not None:
        last = (rest[0], rest[1], rest[2], str(rest[3]))
        links["next"] = here.cursor_key.next_url(path, asked.applied, last)
    body = bundle.history(entries, links)
    newest = {} if stamp is None else {"meta": {"lastUpdated": instant(stamp)}}
    return answers.fhir(body | newest, pretty=asked.pretty)


def _of(sights: Sights, name: str | None) -> Wanted:
    """All versions of the types in sight; of patients' data, as far as they go."""
    whose = {type_: sight.patients for type_, sight in sights.items()}
    return Wanted(
        types=[type_ for type_, patients in whose.items() if patients is None],
        id=name,
        narrowed=[type_ for type_, patients in whose.items() if patients is not None],
        patients=sorted(frozenset().union(*(patients or () for patients in whose.values()))),
    )


def _wanted(here: Site, path: str, asked: History, wanted: Wanted) -> Wanted:
    after: Place | None = None
    if asked.cursor is not None:
        stamp, type_, id_, version = here.cursor_key.open(
            path, asked.applied, asked.cursor, _BY_TIME
        )
        after = (stamp, type_, id_, int(str(version)))  # type: ignore[assignment]
    low, high = asked.at or (None, None)
    since = asked.since[0] if asked.since else None
    return replace(wanted, since=since, low=low, high=high, after=after)


async def _page(
    tx: Transaction, sights: Sights, wanted: Wanted, count: int
) -> tuple[list[Document], Place | None]:
    """Up to ``count`` versions that may be seen, and the place to go on from, if there is more."""
    seen: list[Document] = []
    examined = 0
    while len(seen) <= count and examined < EXAMINED_MAX:
        found = await versions(tx, wanted, count + 1)
        seen += (version for version in found if sights[version.type].covers(version))
        if len(found) <= count:
            break
        examined += len(found)
        wanted = replace(wanted, after=place(found[-1]))
    else:
        if len(seen) <= count:  # enough was looked at for once
            return seen, wanted.after
    return seen[:count], place(seen[count - 1]) if len(seen) > count else None


async def _known(tx: Transaction, sights: Sights, name: str) -> None:
    """Raises NotFound unless there is any version that may be seen, at whatever time."""
    if not (await _page(tx, sights, _of(sights, name), _AT_ONCE))[0]:
        (sight,) = sights.values()
        raise sight.missing(name)


async def _entry(here: Site, tx: Transaction, document: Document, base: str) -> Json:
    content = None
    if not document.deleted:
        content = orjson.Fragment(await here.strips.body(tx, document))
    return bundle.version(
        base,
        document.type,
        document.id,
        content,
        number=document.version,
        last_updated=document.last_updated,
    )
