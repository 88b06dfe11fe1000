"""What is asked of a patient's everything: types, times, page size."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import Incorrect
from fhir.search.params import Interaction
from fhir.search.registry import TYPES
from fhir.search.values import date_range
from store.criteria import (
    Clause,
    DateClause,
    DateTest,
    PatientClause,
    Position,
    Prefix,
    Query,
    SortColumn,
    SortKey,
)

BY_TIME = (SortKey(SortColumn.AT), SortKey(SortColumn.ID))


def compartment() -> list[str]:
    """The types with resources of a patient, the patient first."""
    return [
        kind.name
        for kind in TYPES.values()
        if kind.patient is not None and Interaction.SEARCH_TYPE in kind.interactions
    ]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: types in their order, clauses by what they are about, page size."""

    patient: str
    types: tuple[str, ...]
    dated: tuple[Clause, ...]
    updated: tuple[Clause, ...]
    count: int

    def query(self, type_: str, after: Position | None) -> Query:
        """The search of one type. What has no time of its own is there at any time."""
        dated = self.dated if TYPES[type_].date and type_ != "Patient" else ()
        clauses = (PatientClause((self.patient,)), *dated, *self.updated)
        return Query(type_, clauses, BY_TIME, after)


def wish(patient: str, asked: dict[str, str], default: int, ceiling: int) -> Wish:
    """The wish in the parameters ``asked``. Raises Incorrect, naming the one that is wrong."""
    return Wish(
        patient,
        _types(asked.get("_type")),
        tuple(_date_clause(asked, {"start": Prefix.GE, "end": Prefix.LE})),
        tuple(_date_clause(asked, {"_since": Prefix.GE})),
        min(_count(asked.get("_count", str(default))), ceiling),
    )


def _types(listed: str | None) -> tuple[str, ...]:
    every = compartment()
    if listed is None:
        return tuple(every)
    wanted = listed.split(",")
    strange = [name for name in wanted if name not in every]
    if strange:
        raise Incorrect(f"_type: a patient has no {strange[0][:40]!r} here")
    return tuple(name for name in every if name in wanted)


def _date_clause(asked: dict[str, str], prefixes: dict[str, Prefix]) -> Iterable[DateClause]:
    for name, prefix in prefixes.items():
        if name in asked:
            try:
                low, high = date_range(asked[name].replace(" ", "+"))
            except Incorrect as wrong:
                raise Incorrect(f"{name}: {wrong}") from None
            yield DateClause((DateTest(prefix, low, high),), last_updated=name == "_since")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 9 and int(text) > 0):
        raise Incorrect("_count: a whole number from 1 on, please")
    return int(text)
