"""AuditEvent: read and search, for auditors (https://hl7.org/fhir/R4/auditevent.html).

Only a scope that names AuditEvent opens it. Reading the trail is written to the trail.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.grants import allow
from api.links import url
from api.requests import form, is_lenient, negotiate, read_params
from api.site import site
from core.audit import Recorded
from core.errors import Incorrect, NotFound
from fhir import bundle
from fhir.access.scopes import Action
from fhir.audit import query as queries
from fhir.audit.event import audit_event
from fhir.outcome import operation_outcome
from fhir.search.request import CURSOR, Pair
from fhir.values import Json
from store import audit_search, search
from store.audit_search import AuditQuery
from store.criteria import SortColumn, SortKey

TYPE = "AuditEvent"
LIMIT_S = 10.0


async def read(request: Request) -> Response:
    """One event; it never changes."""
    allow(request, TYPE, Action.READ)
    pretty = read_params(request)
    name: str = request.path_params["id"]
    if not (name.isascii() and name.isdigit() and len(name) < 19):
        raise NotFound(f"there is no {TYPE} with such an id")
    async with site(request).database.transaction() as tx:
        found = await audit_search.read(tx, int(name))
    return answers.fhir(audit_event(found), headers={"ETag": 'W/"1"'}, pretty=pretty)


async def search_get(request: Request) -> Response:
    """A search by its URL."""
    return await _search(request, request.query_params.multi_items())


async def search_post(request: Request) -> Response:
    """A search by a form; its pages go on by GET."""
    return await _search(request, await form(request))


async def _search(request: Request, pairs: Sequence[Pair]) -> Response:
    allow(request, TYPE, Action.SEARCH)
    here = site(request)
    asked = dict(pairs)
    negotiate(request.headers.get("accept"), asked.get("_format"))
    ignored: list[str] = []
    query, applied = _query(request, pairs, ignored)
    path = f"{here.base(request)}/{TYPE}"
    order = (SortKey(SortColumn.AT, query.descending), SortKey(SortColumn.ID, query.descending))
    if CURSOR in asked:
        at, seq = here.cursor_key.open(path, applied, asked[CURSOR], order)
        query = replace(query, after=(_time(at), int(str(seq))))
    async with here.database.transaction() as tx:
        await search.begin(tx, LIMIT_S)
        found = await audit_search.find(tx, query, query.count + 1)
    links = {"self": url(path, applied)}
    if len(found) > query.count:
        last = found[query.count - 1]
        links["next"] = here.cursor_key.next_url(path, applied, (last.at, str(last.seq)))
    entries = [_entry(here.base(request), each) for each in found[: query.count]]
    if ignored:
        told = operation_outcome("not-supported", "; ".join(ignored), severity="warning")
        entries.append({"resource": told, "search": {"mode": "outcome"}})
    return answers.fhir(bundle.searchset(entries, links), pretty=asked.get("_pretty") == "true")


def _query(
    request: Request, pairs: Sequence[Pair], ignored: list[str]
) -> tuple[AuditQuery, tuple[Pair, ...]]:
    """The query and the parameters that count; under ``lenient``, unknown ones do not."""
    limits = site(request).limits
    kept = []
    for pair in pairs:
        if is_lenient(request) and not queries.is_known(pair[0]):
            ignored.append(f"{TYPE} has no search parameter {pair[0][:80]!r}")
        else:
            kept.append(pair)
    query = queries.parse(kept, limits)
    applied = [(n, str(query.count)) if n == "_count" else (n, v) for n, v in kept if n != CURSOR]
    return query, tuple(applied)


def _time(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise Incorrect(f"{CURSOR} is not one of ours")
    return value


def _entry(base: str, found: Recorded) -> Json:
    return bundle.match(base, TYPE, str(found.seq), audit_event(found))
