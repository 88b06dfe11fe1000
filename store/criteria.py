"""What a search asks for, as plain data: clauses that all hold, an order, a place to go on from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
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


class Match(StrEnum):
    """How a text compares."""

    BEGINS = "begins"
    CONTAINS = "contains"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class TextClause:
    """A text under ``param`` that compares with one of ``texts``, which are folded.

    For an exact match ``spellings`` are the texts as they stand, in the same order.
    """

    param: str
    texts: tuple[str, ...]
    match: Match = Match.BEGINS
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WordingClause:
    """A value under one of ``params`` whose words for a reader begin with one of ``texts``."""

    params: tuple[str, ...]
    texts: tuple[str, ...]


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
    """One of ``tests`` holds for the resource's own time, or for when it was last updated.

    With ``param``, for one of the times under that parameter (store.index.Span).
    """

    tests: tuple[DateTest, ...]
    last_updated: bool = False
    param: str | None = None


@dataclass(frozen=True, slots=True)
class AmountTest:
    """A comparison with ``value``, or for ``eq``, ``ne`` and ``ap`` with ``low`` to ``high``.

    ``high`` is excluded but for ``ap``. With ``system`` the unit is ``code`` of that system;
    without, ``code`` is the unit's code or name; None is any.
    """

    prefix: Prefix
    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class AmountClause:
    """One of ``tests`` holds for a quantity under one of ``params``."""

    params: tuple[str, ...]
    tests: tuple[AmountTest, ...]


@dataclass(frozen=True, slots=True)
class PresentClause:
    """There is a value: in rows of tokens, among the filters, in other rows, or in a column."""

    params: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    patient: bool = False
    time: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Where references of one parameter stand: rows, filters, or the column of the patient."""

    params: tuple[str, ...]
    filters: tuple[str, ...]
    patient: bool


@dataclass(frozen=True, slots=True)
class ChainClause:
    """It refers by ``link`` to a resource of ``type`` that fulfils ``clauses``."""

    type: str
    link: Link
    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class HasClause:
    """A resource of ``type`` that fulfils ``clauses`` refers to it by ``link``."""

    type: str
    link: Link
    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class NotClause:
    """``clause`` does not hold."""

    clause: "Clause"


@dataclass(frozen=True, slots=True)
class AnyOfClause:
    """One of ``alternatives``, each of which is clauses that all hold."""

    alternatives: tuple[tuple["Clause", ...], ...]


Clause = (
    TokenClause
    | TextClause
    | WordingClause
    | IdClause
    | PatientClause
    | DateClause
    | AmountClause
    | PresentClause
    | ChainClause
    | HasClause
    | NotClause
    | AnyOfClause
)


class SortColumn(StrEnum):
    """What resources are ordered by: a column of theirs, or the values of a parameter."""

    ID = "id"
    AT = "at"
    LAST_UPDATED = "last_updated"
    PATIENT = "patient"
    TOKEN = "token"  # noqa: S105 (a kind of parameter)
    SPAN = "span"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column and its direction; ``param`` where the column is that of a parameter.

    Of several values the least counts, descending the greatest. What has none comes before all
    that have, descending after them.
    """

    column: SortColumn
    descending: bool = False
    param: str = ""


PositionValue = str | datetime | Decimal | None
Position = tuple[PositionValue, ...]
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
