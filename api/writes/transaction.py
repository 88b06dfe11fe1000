"""A transaction Bundle: all of its entries, or none (https://hl7.org/fhir/R4/http.html#trules)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.errors import answer
from api.site import site
from api.writes import entries
from api.writes.create import ASSIGNED_ID
from api.writes.entries import Entry
from api.writes.identities import Identities
from api.writes.subrequest import request_of, response_entry, run
from api.writes.writer import SCOPE_KEY, Writer, writing
from core.errors import HisbundleError
from fhir.values import Json
from store import resources
from store.criteria import Query
from store.database import Database, Transaction
from store.reader import Reader
from store.resources import Document
from store.searcher import Page, Searcher, page_within

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


class _Failed(Exception):
    """An entry that cannot be carried out, so that no other is."""

    def __init__(self, number: int, response: Response) -> None:
        super().__init__(number)
        self.number = number
        self.response = response


class _Joined(Database):
    """The database as it is within one transaction: what begins another joins it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """The transaction that is open already."""
        yield self._tx


class _Within(Reader):
    """Reads within one transaction: they see what it has written so far."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def read(self, type_: str, id_: str) -> Document:
        """The current version. Raises NotFound, Gone."""
        return await resources.read(self._tx, type_, id_)


class _SearchesWithin(Searcher):
    """Searches within one transaction: they see what it has written so far."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def page(self, query: Query, count: int) -> Page:
        """Up to ``count`` resources. Raises Unavailable, TooCostly."""
        return await page_within(self._tx, query, count)


async def transaction(request: Request, listed: Sequence[Any]) -> list[Json] | Response:
    """The entries of the answer; or, where nothing was done, why."""
    base = site(request).base(request)
    try:
        asked = [_parsed(number, sent, base) for number, sent in enumerate(listed)]
        async with writing(request) as writer:
            return await _carry_out(request, writer, asked)
    except _Failed as failed:
        return _told(failed)


def _parsed(number: int, sent: Any, base: str) -> Entry:
    with _entry(number):
        return entries.entry(number, sent, base)


async def _carry_out(request: Request, writer: Writer, asked: Sequence[Entry]) -> list[Json]:
    tx = writer.tx
    here = replace(
        writer.here, database=_Joined(tx), reader=_Within(tx), searcher=_SearchesWithin(tx)
    )
    scope = {SCOPE_KEY: writer, "site": here}
    identities = Identities(writer)
    resolved: list[tuple[Entry, str | None]] = []
    for entry in asked:
        with _entry(entry.number):
            own = request_of(request, entry, scope)
            resolved.append(await identities.resolve(own, entry))
    pointed: list[tuple[Entry, str | None]] = []
    for entry, name in resolved:
        with _entry(entry.number):
            pointed.append((await identities.pointed(request, entry), name))
    told: dict[int, Json] = {}
    for entry, name in sorted(pointed, key=lambda pair: _ORDER[pair[0].method]):
        with _entry(entry.number):
            response = await run(request_of(request, entry, scope | {ASSIGNED_ID: name}))
            told[entry.number] = response_entry(response)
    return [told[entry.number] for entry in asked]


@contextmanager
def _entry(number: int) -> Iterator[None]:
    """Says of an error which entry it is of."""
    try:
        yield
    except (HisbundleError, HTTPException) as error:
        raise _Failed(number, answer(error)) from error


def _told(failed: _Failed) -> Response:
    """The entry's own refusal, with its place in the Bundle."""
    told: Json = orjson.loads(bytes(failed.response.body))
    place = f"Bundle.entry[{failed.number}]"
    for issue in told["issue"]:
        issue["diagnostics"] = f"{place}: {issue.get('diagnostics', '')}"
        issue["expression"] = [_within(place, each) for each in issue.get("expression", [""])]
    headers = {
        name: value
        for name, value in failed.response.headers.items()
        if name in ("retry-after", "www-authenticate")
    }
    return answers.fhir(told, failed.response.status_code, headers)


def _within(place: str, expression: str) -> str:
    """Where an element of an entry's resource stands in the Bundle."""
    _, dot, path = expression.partition(".")
    return f"{place}.resource.{path}" if dot else place
