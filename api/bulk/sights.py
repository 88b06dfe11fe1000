"""What a job may show: a grant to search and, for an export, one to read."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request

from api.requests import caller
from fhir.access.compartments import compartment
from fhir.access.grant import Grant
from fhir.access.scopes import Action, Rights, ways
from fhir.bulk.plan import Plan
from store.criteria import Query
from store.database import Transaction
from store.jobs import Order
from store.resources import Document


@dataclass(frozen=True, slots=True)
class Sight:
    """The resources of one type that all of ``grants`` cover."""

    grants: tuple[Grant, ...]

    @classmethod
    def of(cls, rights: Rights, type_: str, *, reads: bool) -> Self | None:
        """What ``rights`` show of a type; None if that is nothing."""
        actions = (Action.SEARCH, Action.READ) if reads else (Action.SEARCH,)
        grants = tuple(Grant(type_, ways(rights, type_, action)) for action in actions)
        return cls(grants) if all(grant.ways for grant in grants) else None

    @property
    def is_whole(self) -> bool:
        """Whether it holds for every resource of the type."""
        return all(grant.is_whole for grant in self.grants)

    def shows(self, patient: str) -> bool:
        """Whether the data of this patient may be among them."""
        return all(any(way.is_of(patient) for way in grant.ways) for grant in self.grants)

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
            any(ours.holds(theirs) for ours in mine.ways)
            for mine, its in zip(self.grants, other.grants, strict=True)
            for theirs in its.ways
        )


async def ordered_with(tx: Transaction, order: Order) -> Rights:
    """What a job may show: by the scopes of its order, and of whom its owner may see by now."""
    return Rights(order.scopes, await compartment(tx, order.owner))


async def then_and_now(request: Request, tx: Transaction, order: Order) -> tuple[Rights, Rights]:
    """What a job may show, and what who asks for it may see; both are of the same patients."""
    who = caller(request)
    if who.client_id is not None and who.client_id == order.owner:
        return Rights(order.scopes, who.patients), who.rights
    return await ordered_with(tx, order), who.rights


def sees_all(now_held: Rights, plan: Plan, held: Rights) -> bool:
    """Whether ``now_held`` shows all that a job may show whose owner has ``held``."""
    for type_ in plan.types:
        now = Sight.of(now_held, type_, reads=plan.reads)
        then = Sight.of(held, type_, reads=plan.reads)
        if then is not None and (now is None or not now.holds(then)):
            return False
    return True
