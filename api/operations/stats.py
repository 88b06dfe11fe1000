"""Observation/$stats: statistics of a patient's values, code by code.

https://hl7.org/fhir/R4/observation-operation-stats.html, of ``valueQuantity`` in UCUM units. What
was entered in error does not count.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose, disclosed
from api.grants import grant
from api.operations.given import sent
from api.requests import negotiate
from api.site import site
from core.errors import Incorrect
from fhir.access.scopes import Action
from fhir.codes import UCUM
from fhir.mapping.statistics import statistics_observation, units_told
from fhir.parameters import named
from fhir.statistics import STATISTICS, Wish, wish
from fhir.values import Json, reference
from store.criteria import NotClause, PatientClause, Query, TokenClause, TokenValue
from store.database import Transaction
from store.latest import Coded
from store.resources import Document
from store.search import begin
from store.statistics import Series, figures, sources

LIMIT_S = 10.0
_IN_ERROR = TokenClause((), (TokenValue("entered-in-error"),), ("status",))
_OF_THE_ANSWER = ("_format", "_pretty")


async def stats(request: Request) -> Response:
    """Parameters with an Observation of statistics for each code, and its sources if wanted."""
    sight = grant(request, "Observation", Action.SEARCH)
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    here, base = site(request), site(request).base(request)
    asked = wish([pair async for pair in _given(request)], base, datetime.now(UTC))
    clauses = (PatientClause((asked.patient,)), NotClause(_IN_ERROR))
    query = sight.narrow(Query("Observation", clauses, ()))
    found: list[Json] = []
    documents: dict[str, Document] = {}
    async with here.database.transaction() as tx:
        await begin(tx, LIMIT_S)
        for series, code in _series(asked, query):
            found.append(await _observation(tx, asked, series, code))
            if asked.sources > len(documents):
                newest = await sources(tx, series, UCUM, asked.sources)
                documents |= {d.id: d for d in newest if sight.covers(d)}
        kept = list(documents.values())[: asked.sources]
        bodies = [orjson.Fragment(await here.strips.body(tx, document)) for document in kept]
    disclose(request, kept)
    disclosed(request).add(asked.patient)
    parts = [{"name": "statistics", "resource": observation} for observation in found]
    parts += [{"name": "source", "resource": body} for body in bodies]
    pretty = request.query_params.get("_pretty") == "true"
    return answers.fhir({"resourceType": "Parameters", "parameter": parts}, pretty=pretty)


async def _given(request: Request) -> Any:
    for name, value in request.query_params.multi_items():
        if name not in _OF_THE_ANSWER:
            yield name, value
    for name, _, value in named(await sent(request)):
        yield name, value


def _series(asked: Wish, query: Query) -> Iterator[tuple[Series, TokenValue]]:
    for value in asked.codes:
        coded = Coded("code", value.code or "", value.system or "")
        yield Series(query, asked.patient, coded, asked.start, asked.end), value


async def _observation(tx: Transaction, asked: Wish, series: Series, code: TokenValue) -> Json:
    got = await figures(tx, series, UCUM)
    if len(got.units) > 1:
        raise Incorrect(f"{code.code}: {units_told(got.units)}")
    about = {
        "code": {"coding": [{"system": code.system, "code": code.code}]},
        "subject": reference("Patient", asked.patient),
        "effectivePeriod": asked.period,
    }
    wanted = {name: STATISTICS[name] for name in asked.statistics}
    values = {**got.values, "count": got.count, "total-count": got.total}
    return statistics_observation(about, wanted, values, got.units[0] if got.units else None)
