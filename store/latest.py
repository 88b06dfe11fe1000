"""The latest resources of one patient, code by code: a few looks at an index for each.

``resource_concept`` tells what there can be at all; whether it still is, and fulfils a search,
the index rows and the resources themselves tell. The order of joins is fixed (OFFSET 0): no
statistics of a growing table may turn these looks into a scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import TooCostly
from store.criteria import AnyOfClause, Clause, PatientClause, Query, TokenClause, TokenValue
from store.index import Concept, key, short
from store.resources import Document, document
from store.search_clauses import condition
from store.search_scope import Binds, Scope, both

MAX_CONCEPTS = 1000
MAX_FOUND = 1000
"""Resources in one answer."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One coding, or a text alone, by the parameter under which its tokens stand."""

    param: str
    code: str
    system: str


@dataclass(frozen=True, slots=True)
class Latest:
    """A resource, and the beginning of the time that it is about."""

    document: Document
    at: datetime


@dataclass(frozen=True, slots=True)
class Led(Scope):
    """Resources beside index rows of whatever code."""

    @property
    def rows(self) -> str:
        """The alias of the index rows."""
        return f"d{self.level}"

    def exists(self, table: str, params: Sequence[str], condition: str = "true") -> str:
        """As of any scope, but looked up for each resource: never joined as a whole."""
        return Scope.exists(self, table, params, condition).removesuffix(")") + " OFFSET 0)"


_READ = text(
    "SELECT param, codes, systems, filters FROM resource_concept"
    " WHERE type = :type AND patient_id = :patient LIMIT :most"
)


async def concepts(tx: AsyncConnection, query: Query, patient: str) -> list[Concept]:
    """What the patient may have of what ``query`` asks for. Raises TooCostly for very much."""
    wanted = {"type": query.type, "patient": patient, "most": MAX_CONCEPTS + 1}
    rows = (await tx.execute(_READ, wanted)).all()
    if len(rows) > MAX_CONCEPTS:
        raise TooCostly(f"the patient has values of more than {MAX_CONCEPTS} codes: use a search")
    found = [
        Concept(row.param, tuple(zip(row.codes, row.systems, strict=True)), tuple(row.filters))
        for row in rows
    ]
    return [concept for concept in found if all(_may_be(c, concept) for c in query.clauses)]


def _may_be(clause: Clause, concept: Concept) -> bool:
    """Whether a resource of the concept may fulfil the clause, as far as can be told."""
    match clause:
        case TokenClause(params, values, filters) if _is_told(clause):
            codes = [(c, s) for c, s in concept.codings if concept.param in params]
            keys = {key(name, v.code, v.system) for name in filters for v in values}
            named = any(_is(value, *coding) for value in values for coding in codes)
            return named or not keys.isdisjoint(concept.filters)
        case AnyOfClause(alternatives):
            return any(all(_may_be(c, concept) for c in way) for way in alternatives)
        case _:
            return True


def _is_told(clause: TokenClause) -> bool:
    return {*clause.params} <= {"code"} and {*clause.filters} <= {"category"}


def _is(value: TokenValue, code: str, system: str) -> bool:
    return (value.code is None or short(value.code) == code) and value.system in (None, system)


def coded(query: Query, found: Sequence[Concept]) -> list[Coded]:
    """The codings by which to look; all that ``query`` asks for has one of them."""
    leading = _leading(query)
    asked = () if leading is None else leading.values
    every = {
        Coded(concept.param, code, system)
        for concept in found
        for code, system in concept.codings
        if not asked or any(_is(value, code, system) for value in asked)
    }
    return sorted(every, key=lambda c: (c.param, c.code, c.system))


def _leading(query: Query) -> TokenClause | None:
    """The clause that asks for codes, if there is one: the first."""
    by_code = (c for c in query.clauses if isinstance(c, TokenClause) and c.params == ("code",))
    return next((clause for clause in by_code if not clause.filters), None)


async def latest(
    tx: AsyncConnection, query: Query, patient: str, codes: Sequence[Coded], count: int
) -> list[Latest]:
    """The newest ``count`` of each code, and those as new as the last of them.

    Raises TooCostly for more than ``MAX_FOUND``. One with several codes is found several times.
    """
    # What leads here need not be asked for again.
    others = tuple(clause for clause in query.clauses if clause is not _leading(query))
    query = replace(query, clauses=others)
    scope = Led(Binds(), query.type, patients=(patient,))
    binds = scope.binds
    columns = ", ".join(f"r0.{name}" for name in DOCUMENT)
    statement = (
        f"SELECT f.* FROM unnest({binds.texts(c.param for c in codes)},"  # noqa: S608 (ours)
        f" {binds.texts(c.code for c in codes)}, {binds.texts(c.system for c in codes)})"
        " AS w (param, code, system) CROSS JOIN LATERAL ("
        f"SELECT {columns}, d0.at FROM {walk(scope, query, patient)}"
        f" ORDER BY d0.at DESC FETCH FIRST ({binds.count(count)}) ROWS WITH TIES) AS f"
        f" LIMIT {binds.count(MAX_FOUND + 1)}"
    )
    rows = (await tx.exec_driver_sql(statement, tuple(binds.values))).all()
    if len(rows) > MAX_FOUND:
        raise TooCostly(f"more than {MAX_FOUND} resources: ask for fewer codes, or a smaller max")
    return [Latest(document(row), row.at) for row in rows]


async def standing(
    tx: AsyncConnection, query: Query, patient: str, found: Sequence[Concept]
) -> list[Concept]:
    """Those of ``found`` whose codings one resource that fulfils ``query`` has together."""
    scope = Led(Binds(), query.type, patients=(patient,))
    binds = scope.binds
    together = (
        "NOT EXISTS (SELECT FROM unnest(c.codes, c.systems) AS x (code, system) WHERE NOT EXISTS"
        " (SELECT FROM resource_token t WHERE t.type = d0.type AND t.id = d0.id"
        " AND t.param = c.param AND t.code = x.code AND x.system = ANY (t.systems)))"
    )
    statement = (
        "SELECT c.key FROM resource_concept c CROSS JOIN LATERAL"  # noqa: S608 (ours)
        " (SELECT c.param, c.codes[1] AS code, c.systems[1] AS system OFFSET 0) AS w"
        f" WHERE c.type = {scope.kind} AND c.patient_id = {binds.text(patient)}"
        f" AND c.key = ANY ({binds.keys(concept.key for concept in found)})"
        f" AND EXISTS (SELECT FROM {walk(scope, query, patient)} AND {together} OFFSET 0)"
    )
    there = set((await tx.exec_driver_sql(statement, tuple(binds.values))).scalars())
    return [concept for concept in found if concept.key in there]


def walk(scope: Scope, query: Query, patient: str, beside: str = "") -> str:
    """The resources ``r0`` of ``query`` by the coding ``w``; their index rows ``d0`` first.

    ``beside`` joins more to them.
    """
    others = [c for c in query.clauses if not isinstance(c, PatientClause)]
    wanted = [
        f"d0.type = {scope.kind}",
        "d0.param = w.param AND d0.code = w.code AND w.system = ANY (d0.systems)",
        f"d0.patient_id = {scope.binds.text(patient)}",
        *(condition(clause, scope) for clause in others),
    ]
    return (
        "resource_token d0 CROSS JOIN LATERAL (SELECT * FROM resource r"  # noqa: S608 (ours)
        " WHERE r.type = d0.type AND r.id = d0.id AND NOT r.deleted OFFSET 0) AS r0"
        f" {beside} WHERE {both(wanted)}"
    )


DOCUMENT = (
    "type", "id", "version", "last_updated", "deleted", "body", "render", "patient_id",
)  # fmt: skip
