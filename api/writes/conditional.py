"""Interactions by criteria instead of an id (https://hl7.org/fhir/R4/http.html#cond-update).

Criteria are a search: who may not search a type learns nothing by them. They are looked up
while the FHIR clock is held, so that two of the same at once make one resource.
"""

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

from api.grants import narrow_inner, reach
from api.requests import negotiate
from api.writes.writer import Writer
from core.errors import Incorrect, Unmet
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search import request as searches
from fhir.search.params import ResourceType
from fhir.search.registry import TYPES
from fhir.search.request import Pair
from store import search
from store.resources import Document

LIMIT_S = 2.0
"""Everybody who writes waits meanwhile."""
_ADDRESS = re.compile(r"\A[^?=]*\?")
"""What may stand before criteria; a value may have a question mark too."""
_APART = {"_format", "_pretty"}


def of_header(request: Request, kind: ResourceType) -> list[Pair] | None:
    """The criteria of ``If-None-Exist``, or None without it."""
    text = request.headers.get("if-none-exist")
    if text is None:
        return None
    reach(request, kind.name, Action.SEARCH)
    return _some(parse_qsl(_ADDRESS.sub("", text, count=1), keep_blank_values=True))


def of_url(request: Request, kind: ResourceType) -> list[Pair]:
    """The criteria of an address without an id."""
    reach(request, kind.name, Action.SEARCH)
    query = request.query_params
    negotiate(request.headers.get("accept"), query.get("_format"))
    return _some([pair for pair in query.multi_items() if pair[0] not in _APART])


def _some(criteria: list[Pair]) -> list[Pair]:
    if not criteria:
        raise Incorrect("an id or search parameters are needed to say which resource is meant")
    return criteria


async def match(
    request: Request, writer: Writer, kind: ResourceType, criteria: list[Pair]
) -> Document | None:
    """The one resource that fulfils ``criteria``, or None. Raises Unmet for several."""
    sight = reach(request, kind.name, Action.SEARCH)
    found = await find(request, writer, sight, criteria)
    if len(found) > 1:
        raise Unmet(f"several resources of type {kind.name} fulfil the criteria")
    return found[0] if found else None


async def find(
    request: Request, writer: Writer, sight: Grant, criteria: list[Pair]
) -> list[Document]:
    """Up to two resources that fulfil ``criteria``, among those in ``sight``."""
    asked = searches.parse(TYPES[sight.type], criteria, writer.here.limits, writer.base)
    if not asked.query.clauses:
        raise Incorrect("search parameters are needed to say which resource is meant")
    await search.begin(writer.tx, LIMIT_S)
    query = sight.narrow(narrow_inner(request, asked.query))
    return [found.document for found in await search.find(writer.tx, query, 2)]
