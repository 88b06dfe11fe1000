"""What the parts of one search's SQL share: bound values, aliases, what leads it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from store.criteria import Clause, PatientClause, TokenClause


@dataclass(slots=True)
class Binds:
    """The values of a statement, in the order of their placeholders; equal ones stand once."""

    values: list[Any] = field(default_factory=list)
    _known: dict[tuple[str, Any], str] = field(default_factory=dict)

    def text(self, value: str) -> str:
        """The placeholder of a string."""
        return self._bind("text", value)

    def moment(self, value: datetime) -> str:
        """The placeholder of a time."""
        return self._bind("timestamptz", value)

    def number(self, value: Decimal) -> str:
        """The placeholder of a decimal."""
        return self._bind("numeric", value)

    def texts(self, values: Iterable[str]) -> str:
        """The placeholder of an array of strings."""
        return self._bind("text[]", tuple(values))

    def keys(self, values: Iterable[int]) -> str:
        """The placeholder of an array of filters' keys."""
        return self._bind("bigint[]", tuple(values))

    def count(self, value: int) -> str:
        """The placeholder of a number of rows."""
        return self._bind("bigint", value)

    def _bind(self, type_: str, value: Any) -> str:
        # A decimal's digits matter: 1 and 1.0 are equal and may share one.
        if (type_, value) not in self._known:
            self.values.append(value)
            self._known[type_, value] = f"${len(self.values)}::{type_}"
        return self._known[type_, value]


@dataclass(frozen=True, slots=True)
class Scope:
    """One level of a search: resources of a type, or the index rows of ``driver`` beside them."""

    binds: Binds
    type: str
    level: int = 0
    driver: TokenClause | None = None
    patients: tuple[str, ...] = ()

    @property
    def resource(self) -> str:
        """The alias of the resources."""
        return f"r{self.level}"

    @property
    def rows(self) -> str:
        """The alias of the rows whose id, patient and time count."""
        return self.resource if self.driver is None else f"d{self.level}"

    @property
    def kind(self) -> str:
        """The placeholder of the type."""
        return self.binds.text(self.type)

    def one_of(self, column: str, values: Sequence[str]) -> str:
        """The condition that a column has one of ``values``."""
        if not values:
            return "false"
        if len(values) == 1:
            return f"{column} = {self.binds.text(values[0])}"
        return f"{column} = ANY ({self.binds.texts(values)})"

    def exists(self, table: str, params: Sequence[str], condition: str = "true") -> str:
        """The condition that the resource has a row ``t`` in an index table."""
        return (
            f"EXISTS (SELECT FROM {table} t WHERE t.type = {self.kind}"
            f" AND t.id = {self.resource}.id AND {self.one_of('t.param', params)}"
            f" AND ({condition}))"
        )


def patients(clauses: Iterable[Clause]) -> tuple[str, ...]:
    """The patients of whom one a search is; none where it is of any (or, by two, of nobody)."""
    found = [clause.ids for clause in clauses if isinstance(clause, PatientClause)]
    if len(found) < 2:
        return found[0] if found else ()
    return tuple(sorted(set.intersection(*map(set, found))))


def either(conditions: Iterable[str]) -> str:
    """The condition that one of ``conditions`` holds."""
    return f"({' OR '.join(conditions) or 'false'})"


def both(conditions: Iterable[str]) -> str:
    """The condition that all of ``conditions`` hold."""
    return f"({' AND '.join(conditions) or 'true'})"
