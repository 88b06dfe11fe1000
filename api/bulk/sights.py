"""What a job may show: a grant to search and, for an export, one to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from api.grants import Grant
from api.scopes import Action, is_narrower, ways
from fhir.bulk.plan import Plan
from store.criteria import Query
from store.resources import Document


@dataclass(frozen=True, slots=True)
class Sight:
    """The resources of one type that all of ``grants`` cover."""

    grants: tuple[Grant, ...]

    @classmethod
    def of(cls, scopes: Iterable[str], type_: str, *, reads: bool) -> Self | None:
        """What ``scopes`` show of a type; None if that is nothing."""
        actions = (Action.SEARCH, Action.READ) if reads else (Action.SEARCH,)
        grants = tuple(Grant(type_, ways(tuple(scopes), type_, action)) for action in actions)
        return cls(grants) if all(grant.ways for grant in grants) else None

    @property
    def is_whole(self) -> bool:
        """Whether it holds for every resource of the type."""
        return all(grant.is_whole for grant in self.grants)

    def narrow(self, query: Query) -> Query:
        """``query``, as far as this goes."""
        for grant in self.grants:
            query = grant.narrow(query)
        return query

    def covers(self, document: Document) -> bool:
        """Whether this version may be seen."""
        return all(grant.covers(document) for grant in self.grants)

    def holds(self, other: Self) -> bool:
        """Whether all that ``other`` shows this shows too."""
        return all(
            any(is_narrower(theirs, ours) for ours in mine.ways)
            for mine, its in zip(self.grants, other.grants, strict=True)
            for theirs in its.ways
        )


def sees_all(scopes: tuple[str, ...], plan: Plan, ordered_with: tuple[str, ...]) -> bool:
    """Whether ``scopes`` still show all that a job may show that was ordered with others."""
    for type_ in plan.types:
        now = Sight.of(scopes, type_, reads=plan.reads)
        then = Sight.of(ordered_with, type_, reads=plan.reads)
        if then is not None and (now is None or not now.holds(then)):
            return False
    return True
