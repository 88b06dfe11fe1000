"""search-type by GET and by POST _search (https://hl7.org/fhir/R4/http.html#search)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers, views
from api.bulk import later
from api.disclosure import disclose
from api.grants import grant, narrow_inner
from api.includes import TOO_MANY, Included, included
from api.links import url, with_cursor
from api.requests import form, is_lenient, negotiate
from api.site import Site, site
from fhir import bundle
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.outcome import operation_outcome
from fhir.search import request as searches
from fhir.search.params import ResourceType
from fhir.search.request import Pair, Search
from fhir.search.subset import subset
from fhir.values import Json, instant
from store import search as stored
from store.resources import Document
from store.search import Found
from store.searcher import LIMIT_S, Page


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
    if search.total or search.total_only or search.includes:
        page, count, more = await _within(request, search, sight)
    else:
        page, count = await here.searcher.page(search.query, search.count + 1), None
        more = Included()
    shown = _shown(page, search, sight)
    disclose(request, [*shown, *more.documents])
    entries = await _entries(here, search, base, shown, more)
    links = _links(here, f"{base}/{search.query.type}", search, page.found)
    told = bundle.searchset(entries, links, count)
    return told if page.stamp is None else told | {"meta": {"lastUpdated": instant(page.stamp)}}


async def _within(
    request: Request, search: Search, sight: Grant
) -> tuple[Page, int | None, Included]:
    """The page of a search that takes several statements, how many match, what is included."""
    count: int | None = None
    async with site(request).database.transaction() as tx:
        # Before the search: what it does not see is newer than this.
        page = Page(await stored.begin(tx, LIMIT_S), [])
        if search.total or search.total_only:
            count = await stored.total(tx, search.query)
        if not search.total_only:
            page = replace(page, found=await stored.find(tx, search.query, search.count + 1))
        more = await included(request, tx, search.includes, _shown(page, search, sight))
    return page, count, more


def _shown(page: Page, search: Search, sight: Grant) -> list[Document]:
    found = [item.document for item in page.found[: search.count]]
    return found if sight.is_whole else [document for document in found if sight.covers(document)]


async def _entries(
    here: Site, search: Search, base: str, matches: Sequence[Document], more: Included
) -> list[Json]:
    """The page's entries: matches, what is included with them, remarks."""
    part, summary = search.subset, subset(search.summary, ())
    # _elements names elements of the type that is searched.
    told = [(item, part) for item in matches] + [(item, summary) for item in more.documents]
    bodies = await views.bodies(here, told)
    modes = chain(repeat("match", len(matches)), repeat("include"))
    entries = [
        bundle.match(base, item.type, item.id, orjson.Fragment(body), mode)
        for (item, _), body, mode in zip(told, bodies, modes, strict=False)
    ]
    if search.ignored:
        entries.append(_remark("not-supported", "; ".join(search.ignored)))
    if more.is_cut:
        entries.append(_remark("too-costly", TOO_MANY))
    return entries


def _links(here: Site, path: str, search: Search, found: Sequence[Found]) -> dict[str, str]:
    links = {"self": url(path, search.applied)}
    if len(found) > search.count:
        last = found[search.count - 1].position
        cursor = here.cursor_key.sign(path, search.applied, last)
        links["next"] = with_cursor(links["self"], cursor)
    return links


def _remark(code: str, text: str) -> Json:
    told = operation_outcome(code, text, severity="warning")
    return {"resource": told, "search": {"mode": "outcome"}}
