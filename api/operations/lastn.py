"""Observation/$lastn: the latest of each code of one patient.

https://hl7.org/fhir/R4/observation-operation-lastn.html. All search parameters of Observation
narrow what counts; no pages, for the answer is small.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers, views
from api.disclosure import disclose
from api.grants import grant, narrow_inner
from api.links import url
from api.operations.given import given
from api.requests import is_lenient, negotiate
from api.site import site
from core.errors import Incorrect
from fhir import bundle
from fhir.access.scopes import Action
from fhir.search import request as searches
from fhir.search.groups import Groups, codings, concept_of, newest
from fhir.search.registry import TYPES
from fhir.search.request import Pair, Search
from store import latest as stored
from store.criteria import PatientClause, Query
from store.database import Transaction
from store.latest import Latest
from store.search import begin
from store.search_chains import resolved

LIMIT_S = 10.0
MAX = 100
"""The greatest ``max``."""
_CODED = {"category", "code", "combo-code", "component-code", "value-concept"}
_RESULT = ("_sort", "_count", "_total", "_totalMethod", "_cursor", "_include", "_revinclude")


async def lastn(request: Request) -> Response:
    """The latest Observations of each code, newest first."""
    sight = grant(request, "Observation", Action.SEARCH)
    pairs, here, base = await given(request), site(request), site(request).base(request)
    formats = [value for name, value in pairs if name == "_format"]
    negotiate(request.headers.get("accept"), formats[0] if formats else None)
    count = _max([value for name, value in pairs if name == "max"])
    search = _search(request, [pair for pair in pairs if pair[0] != "max"])
    query = sight.narrow(narrow_inner(request, search.query))
    async with here.database.transaction() as tx:
        await begin(tx, LIMIT_S)
        query = await resolved(tx, query)
        patient = _patient(query)
        found = [] if patient is None else await _latest(tx, query, patient, count)
        shown = [item.document for item in found if sight.covers(item.document)]
        disclose(request, shown)
        bodies = [orjson.Fragment(await views.body(here, tx, d, search.subset)) for d in shown]
    entries = [
        bundle.match(base, d.type, d.id, body) for d, body in zip(shown, bodies, strict=True)
    ]
    applied = [*search.applied, ("max", str(count))]
    links = {"self": url(f"{base}/Observation/$lastn", applied)}
    page = bundle.searchset(entries, links, len(entries))
    return answers.fhir(page, pretty=("_pretty", "true") in search.applied)


async def _latest(tx: Transaction, query: Query, patient: str, count: int) -> list[Latest]:
    concepts = await stored.concepts(tx, query, patient)
    codes = stored.coded(query, concepts)
    if not codes:
        return []
    found = [
        (item, own)
        for item in await stored.latest(tx, query, patient, codes, count)
        if (own := codings(concept_of(item)))
    ]
    groups = Groups()
    for _, own in found:
        groups.joined(own)
    # What ties codes together may be older than all that was found.
    doubtful = [c for c in concepts if not groups.are_joined(codings(c))]
    if doubtful:
        for concept in await stored.standing(tx, query, patient, doubtful):
            groups.joined(codings(concept))
    return newest(found, groups, count)


def _max(values: Sequence[str]) -> int:
    text = values[0] if values else "1"
    if len(values) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Incorrect("max: one whole number from 1 on, please")
    if not 1 <= int(text) <= MAX:
        raise Incorrect(f"max: from 1 to {MAX}, please")
    return int(text)


def _search(request: Request, pairs: Sequence[Pair]) -> Search:
    names = {name.partition(":")[0] for name, _ in pairs}
    unfit = [name for name in _RESULT if name in names]
    if unfit:
        raise Incorrect(f"$lastn has no {unfit[0]}: its answer is whole, and in order of time")
    if not names & _CODED:
        raise Incorrect("$lastn needs a category or a code (https://hl7.org/fhir/R4"
                        "/observation-operation-lastn.html)")  # fmt: skip
    here = site(request)
    kind, base = TYPES["Observation"], here.base(request)
    search = searches.parse(kind, pairs, here.limits, base, lenient=is_lenient(request))
    if search.total_only:
        raise Incorrect("_summary=count is for searches")
    return replace(search, query=replace(search.query, after=None))


def _patient(query: Query) -> str | None:
    """The one patient; None where a chain leads to nobody."""
    asked = [set(clause.ids) for clause in query.clauses if isinstance(clause, PatientClause)]
    if not asked:
        raise Incorrect("$lastn needs one patient, by patient or subject")
    both = set.intersection(*asked)
    if len(both) > 1:
        raise Incorrect("$lastn is of one patient at a time")
    return next(iter(both), None)
