"""search-type by GET and by POST _search (https://hl7.org/fhir/R4/http.html#search)."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers, views
from api.bulk import later
from api.disclosure import disclose
from api.grants import Grant, grant, narrow_inner
from api.includes import TOO_MANY, Included, included
from api.links import url
from api.requests import form, is_lenient, negotiate
from api.scopes import Action
from api.site import Site, site
from fhir import bundle
from fhir.outcome import operation_outcome
from fhir.search import request as searches
from fhir.search.params import ResourceType
from fhir.search.request import Pair, Search
from fhir.search.subset import Subset, subset
from fhir.values import Json, instant
from store import search as stored
from store.database import Transaction
from store.resources import Document
from store.search import Found

LIMIT_S = 10.0
"""What takes longer is given up: a few such searches would hold all connections."""


async def search_get(request: Request, kind: ResourceType) -> Response:
    """A search by its URL."""
    return await _search(request, kind, request.query_params.multi_items())


async def search_post(request: Request, kind: ResourceType) -> Response:
    """A search by a form; its pages go on by GET."""
    return await _search(request, kind, await form(request))


async def _search(request: Request, kind: ResourceType, pairs: Sequence[Pair]) -> Response:
    sight = grant(request, kind.name, Action.SEARCH)
    here, base = site(request), site(request).base(request)
    path = f"{base}/{kind.name}"
    asked = next((value for name, value in pairs if name == "_format"), None)
    negotiate(request.headers.get("accept"), asked)
    request.scope["format"] = asked  # it may have come in the form
    search = searches.parse(kind, pairs, here.limits, base, lenient=is_lenient(request))
    if later.is_wanted(request, search):
        return await later.order(request, kind, search)
    if search.cursor is not None:
        order = search.query.order
        after = here.cursor_key.open(path, search.applied, search.cursor, order)
        search = replace(search, query=replace(search.query, after=after))
    query = narrow_inner(request, search.query)
    page = await _page(request, replace(search, query=sight.narrow(query)), sight)
    return answers.fhir(page, pretty=("_pretty", "true") in search.applied)


async def _page(request: Request, search: Search, sight: Grant) -> Json:
    here, base = site(request), site(request).base(request)
    count: int | None = None
    found: list[Found] = []
    async with here.database.transaction() as tx:
        # Before the search: what it does not see is newer than this.
        stamp = await stored.begin(tx, LIMIT_S)
        if search.total or search.total_only:
            count = await stored.total(tx, search.query)
        if not search.total_only:
            found = await stored.find(tx, search.query, search.count + 1)
        shown = [item.document for item in found[: search.count] if sight.covers(item.document)]
        more = await included(request, tx, search.includes, shown)
        disclose(request, [*shown, *more.documents])
        entries = await _entries(here, tx, search, base, (shown, more))
    links = _links(here, f"{base}/{search.query.type}", search, found)
    page = bundle.searchset(entries, links, count)
    return page if stamp is None else page | {"meta": {"lastUpdated": instant(stamp)}}


async def _entries(
    here: Site,
    tx: Transaction,
    search: Search,
    base: str,
    told: tuple[Sequence[Document], Included],
) -> list[Json]:
    """The page's entries: matches, what is included with them, remarks."""
    matches, more = told
    part, summary = search.subset, subset(search.summary, ())
    entries = [await _entry(here, tx, item, base, part, "match") for item in matches]
    # _elements names elements of the type that is searched.
    entries += [await _entry(here, tx, item, base, summary, "include") for item in more.documents]
    if search.ignored:
        entries.append(_remark("not-supported", "; ".join(search.ignored)))
    if more.is_cut:
        entries.append(_remark("too-costly", TOO_MANY))
    return entries


async def _entry(
    here: Site, tx: Transaction, item: Document, base: str, part: Subset | None, mode: str
) -> Json:
    body = orjson.Fragment(await views.body(here, tx, item, part))
    return bundle.match(base, item.type, item.id, body, mode)


def _links(here: Site, path: str, search: Search, found: Sequence[Found]) -> dict[str, str]:
    links = {"self": url(path, search.applied)}
    if len(found) > search.count:
        last = found[search.count - 1].position
        links["next"] = here.cursor_key.next_url(path, search.applied, last)
    return links


def _remark(code: str, text: str) -> Json:
    told = operation_outcome(code, text, severity="warning")
    return {"resource": told, "search": {"mode": "outcome"}}
