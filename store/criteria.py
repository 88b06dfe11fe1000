"""What a search asks for, as plain data: clauses that all hold, an order, a place to go on from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class TokenValue:
    """A code, a system, or both; None stands for any, an empty system for none."""

    code: str | None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class TokenClause:
    """One of ``values`` under one of the parameters ``params``, or ``filters`` (store.index)."""

    params: tuple[str, ...]
    values: tuple[TokenValue, ...]
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextClause:
    """A text under ``param`` that starts with one of ``beginnings``, which are folded."""

    param: str
    beginnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdClause:
    """One of these ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientClause:
    """Of one of these patients (ids)."""

    ids: tuple[str, ...]


class Prefix(StrEnum):
    """How a range compares (https://hl7.org/fhir/R4/search.html#prefix)."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


@dataclass(frozen=True, slots=True)
class DateTest:
    """A comparison with the range from ``low`` to ``high``, end excluded."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class DateClause:
    """One of ``tests`` holds for the resource's own time, or for when it was last updated."""

    tests: tuple[DateTest, ...]
    last_updated: bool = False


@dataclass(frozen=True, slots=True)
class AnyOfClause:
    """One of ``alternatives``, each of which is token clauses that all hold."""

    alternatives: tuple[tuple[TokenClause, ...], ...]


Clause = TokenClause | TextClause | IdClause | PatientClause | DateClause | AnyOfClause


class SortColumn(StrEnum):
    """What resources are ordered by."""

    ID = "id"
    AT = "at"
    LAST_UPDATED = "last_updated"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column and its direction."""

    column: SortColumn
    descending: bool = False


Position = tuple[str | datetime, ...]
"""A resource's values of the order's columns, and last its id."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one type. ``after`` is the position of the last resource already seen."""

    type: str
    clauses: tuple[Clause, ...]
    sort: tuple[SortKey, ...]
    after: Position | None = None

    @property
    def order(self) -> tuple[SortKey, ...]:
        """The keys that order without ties: up to the id, or with the id at the end."""
        for n, key in enumerate(self.sort, start=1):
            if key.column is SortColumn.ID:
                return self.sort[:n]
        last = self.sort[-1].descending if self.sort else False
        return (*self.sort, SortKey(SortColumn.ID, last))
