"""_include and _revinclude: what a page refers to, and what refers to it.

Source: https://hl7.org/fhir/R4/search.html#revinclude. One query a round reads all that is
referred to. What the caller may not see is left out without a word, as if it were not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request

from api.grants import Grant
from api.requests import caller
from api.scopes import Action, ways
from fhir.search import clauses
from fhir.search.registry import TYPES
from fhir.search.results import Include, references
from store import resources, search
from store.criteria import Query, SortColumn, SortKey
from store.database import Transaction
from store.resources import Document, Key

MAX_INCLUDED = 1000
MAX_ROUNDS = 10
"""How long a chain of references ``:iterate`` follows."""
TOO_MANY = (
    f"no more than {MAX_INCLUDED} resources, no more than {MAX_ROUNDS} references away, are"
    " included: some may be missing here; ask for fewer by _count, or for them by a search"
)
_BY_ID = (SortKey(SortColumn.ID),)


@dataclass(slots=True)
class Included:
    """The resources that go with a page; ``is_cut`` where there would be more."""

    documents: list[Document] = field(default_factory=list)
    is_cut: bool = False


async def included(
    request: Request, tx: Transaction, wanted: Sequence[Include], page: Sequence[Document]
) -> Included:
    """What ``wanted`` adds to ``page``, each once, and nothing that is on the page."""
    known = {_key(document) for document in page}
    found, fresh = Included(), list(page)
    for number in range(MAX_ROUNDS):
        active = [include for include in wanted if number == 0 or include.iterate]
        if not active or not fresh:
            return found
        room = MAX_INCLUDED - len(found.documents)
        reached = await _round(request, tx, active, fresh, known, room + 1)
        fresh = list({_key(document): document for document in reached}.values())
        found.documents += fresh[:room]
        if len(fresh) > room:
            break
        known.update(map(_key, fresh))
    found.is_cut = bool(fresh)
    return found


async def _round(
    request: Request,
    tx: Transaction,
    active: Sequence[Include],
    fresh: Sequence[Document],
    known: set[Key],
    most: int,
) -> list[Document]:
    """Up to some more than ``most`` resources that are one reference away from ``fresh``."""
    keys = list(dict.fromkeys(_referred(active, fresh)))
    unknown = [key for key in keys if key not in known and key[0] in TYPES][:most]
    reached = await resources.read_many(tx, unknown) if unknown else []
    sights = {type_: _sight(request, type_, Action.READ, Action.SEARCH) for type_, _ in unknown}
    found = [document for document in reached if sights[document.type].covers(document)]
    for include in active:
        if include.reverse and len(found) <= most:
            sight = _sight(request, include.source, Action.SEARCH)
            found += await _referring(tx, include, fresh, known, sight, most)
    return found


def _referred(active: Iterable[Include], fresh: Iterable[Document]) -> Iterator[Key]:
    forward = [include for include in active if not include.reverse]
    for document in fresh:
        own = [include for include in forward if include.source == document.type]
        body = orjson.loads(document.body) if own else {}
        for include in own:
            yield from references(include, body)


async def _referring(
    tx: Transaction,
    include: Include,
    fresh: Sequence[Document],
    known: set[Key],
    sight: Grant,
    most: int,
) -> list[Document]:
    """Resources that refer to any of ``fresh`` under the include's parameter."""
    found: list[Document] = []
    for type_ in include.targets if sight.ways else ():
        names = [document.id for document in fresh if document.type == type_]
        for start in range(0, len(names), clauses.MAX_VALUES):
            batch = names[start : start + clauses.MAX_VALUES]
            query = sight.narrow(_query(include, type_, batch))
            rows = await search.find(tx, query, most + len(known))
            documents = [row.document for row in rows if _key(row.document) not in known]
            found += filter(sight.covers, documents)
    return found


def _query(include: Include, type_: str, names: Sequence[str]) -> Query:
    value = ",".join(f"{type_}/{name}" for name in names)
    clause = clauses.clause(TYPES[include.source], include.param.name, value, "")
    return Query(include.source, (clause,), _BY_ID)


def _sight(request: Request, type_: str, *actions: Action) -> Grant:
    """What may be seen of a type by any of ``actions``; nothing where no scope says so."""
    scopes = caller(request).scopes
    return Grant(type_, tuple(way for action in actions for way in ways(scopes, type_, action)))


def _key(document: Document) -> Key:
    return document.type, document.id
