"""Patient/[id]/$everything: all that is known of one patient, in pages.

https://hl7.org/fhir/R4/patient-operation-everything.html. The patient comes first, then the
resources of the patient compartment, type by type in the order of their time; each page brings
along what its resources refer to beyond the compartment, such as devices and practitioners.
"""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import grant
from api.links import url
from api.operations.given import given
from api.operations.seen import seen
from api.operations.wish import BY_TIME, Wish, wish
from api.reads import current
from api.requests import is_lenient, negotiate
from api.site import site
from core.errors import Forbidden, Incorrect
from fhir import bundle
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.mapping.composition import spoken_of
from fhir.search.request import CURSOR, Pair
from fhir.values import Json
from store import search as stored
from store.criteria import Position, SortColumn, SortKey
from store.database import Transaction
from store.resources import Document
from store.search import Found

LIMIT_S = 10.0
SUPPORTING_MAX = 200
"""Resources beyond the compartment that one page brings along."""
_PARAMS = {"start", "end", "_since", "_type", "_count", "_format", "_pretty", CURSOR}
_PLACE = (SortKey(SortColumn.ID), *BY_TIME)
"""A position: the type, then the place within it."""


async def everything(request: Request) -> Response:
    """One page of all that the caller may see of the patient."""
    sight = grant(request, "Patient", Action.READ)
    pairs = await _pairs(request)
    here, base, name = site(request), site(request).base(request), request.path_params["id"]
    path, given = f"{base}/Patient/{name}/$everything", dict(pairs)
    asked = wish(name, given, here.limits.default, here.limits.ceiling)
    applied = tuple(pair for pair in pairs if pair[0] != CURSOR)
    cursor = given.get(CURSOR)
    after = here.cursor_key.open(path, applied, cursor, _PLACE) if cursor else None
    async with here.database.transaction() as tx:
        await stored.begin(tx, LIMIT_S)
        await current(tx, sight, name)
        found = await _page(request, tx, asked, after)
        shown = [item.document for item in found[: asked.count]]
        supporting = await _supporting(request, tx, shown)
        disclose(request, [*shown, *supporting])
        entries = [await _entry(request, tx, d, "match") for d in shown]
        entries += [await _entry(request, tx, d, "include") for d in supporting]
    links = {"self": url(path, applied)}
    if len(found) > asked.count:
        last = found[asked.count - 1]
        position = (last.document.type, *last.position)
        links["next"] = here.cursor_key.next_url(path, applied, position)
    return answers.fhir(bundle.searchset(entries, links), pretty=given.get("_pretty") == "true")


async def _pairs(request: Request) -> list[Pair]:
    pairs = _joined(await given(request))
    unknown = [name for name, _ in pairs if name not in _PARAMS]
    if unknown and not is_lenient(request):
        raise Incorrect(f"$everything has no parameter {unknown[0][:80]!r}")
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise Incorrect("a parameter is given twice")
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    return [pair for pair in pairs if pair[0] in _PARAMS]


def _joined(pairs: list[Pair]) -> list[Pair]:
    """The same with ``_type``, which may be repeated, as one list."""
    types = [value for name, value in pairs if name == "_type"]
    others = [pair for pair in pairs if pair[0] != "_type"]
    return [*others, *([("_type", ",".join(types))] if types else [])]


async def _page(
    request: Request, tx: Transaction, asked: Wish, after: Position | None
) -> list[Found]:
    """One more than the page holds, if there are so many."""
    found: list[Found] = []
    begin = None if after is None else str(after[0])
    place = None if after is None else after[1:]
    for type_ in asked.types[asked.types.index(begin) if begin else 0 :]:
        sight = _sight(request, type_)
        if sight is None:
            continue
        query = sight.narrow(asked.query(type_, place if type_ == begin else None))
        batch = await stored.find(tx, query, asked.count + 1 - len(found))
        found += [item for item in batch if sight.covers(item.document)]
        if len(found) > asked.count:
            break
    return found


def _sight(request: Request, type_: str) -> Grant | None:
    try:
        return grant(request, type_, Action.READ)
    except Forbidden:
        return None


async def _supporting(
    request: Request, tx: Transaction, shown: Sequence[Document]
) -> list[Document]:
    """What the page's resources refer to outside of the patient's own compartment."""
    own = {d.patient_id for d in shown} - {None}
    names = {n: None for d in shown for n in spoken_of(orjson.loads(d.body))}
    there = {f"{d.type}/{d.id}" for d in shown}
    beyond = [name for name in names if name not in there][: 5 * SUPPORTING_MAX]
    found = await seen(request, tx, beyond)
    return [document for document in found if document.patient_id not in own][:SUPPORTING_MAX]


async def _entry(request: Request, tx: Transaction, document: Document, mode: str) -> Json:
    here = site(request)
    body = orjson.Fragment(await here.strips.body(tx, document))
    return bundle.match(here.base(request), document.type, document.id, body, mode)
