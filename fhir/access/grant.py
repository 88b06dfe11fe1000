"""The resources of one type that somebody may see: in SQL, and again on what is about to leave."""

from dataclasses import dataclass, replace

import orjson

from core.errors import Forbidden, Gone, NotFound
from fhir.access.scopes import WHOLE, Way
from fhir.search.match import matches
from fhir.search.registry import TYPES
from store.criteria import AnyOfClause, Clause, Query
from store.resource_rows import Current
from store.resources import Document, Draft


@dataclass(frozen=True, slots=True)
class Grant:
    """The resources of ``type`` to which one of ``ways`` leads."""

    type: str
    ways: tuple[Way, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it holds for every resource of the type."""
        return WHOLE in self.ways

    def is_whole_for(self, patient: str | None) -> bool:
        """Whether it holds for every resource of the type that is this patient's."""
        return any(not way.filter and way.is_of(patient) for way in self.ways)

    def theirs(self, before: Current | None) -> Current | None:
        """What is there, as far as it is the caller's to change; the rest is as if it were not."""
        if before is None or not self.is_whole_for(before.patient_id):
            return None
        return before

    def check_owner(self, draft: Draft) -> None:
        """Raises Forbidden for a version to be written that is not of the caller's patients."""
        if not self.is_whole_for(draft.index.patient_id):
            raise Forbidden(
                f"{self.type}: the token's scopes are of certain patients; the resource must say"
                " that it is of one of them"
            )

    @property
    def patients(self) -> frozenset[str] | None:
        """The patients whose data it is confined to; None where it is not."""
        if any(way.patients is None for way in self.ways):
            return None
        return frozenset().union(*(way.patients or () for way in self.ways))

    def narrow(self, query: Query) -> Query:
        """``query``, as far as this grant goes."""
        if self.is_whole:
            return query
        return replace(query, clauses=(*query.clauses, *self.clauses))

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What this grant asks of a resource beside what the caller asks."""
        if self.is_whole:
            return ()
        # The clauses of a single way may lead the search along an index.
        found = tuple(way.clauses for way in self.ways)
        return found[0] if len(found) == 1 else (AnyOfClause(found),)

    def covers(self, document: Document) -> bool:
        """Whether this version may be seen. A deletion tells whose it was, and no category."""
        if self.is_whole:
            return True
        if document.type != self.type:
            return False
        if self.is_whole_for(document.patient_id):
            return True
        theirs = [way for way in self.ways if way.is_of(document.patient_id)]
        if document.deleted or not theirs:
            return False
        body, kind = orjson.loads(document.body), TYPES[self.type]
        return any(all(matches(kind, body, clause) for clause in way.filter) for way in theirs)

    def checked(self, document: Document) -> Document:
        """``document`` itself. Raises NotFound, as if it were not there, unless it is covered."""
        if not self.covers(document):
            raise self.missing(document.id)
        return document

    def missing(self, name: str) -> NotFound:
        """The one error for what is not there and for what may not be seen."""
        return NotFound(f"there is no {self.type}/{name}")

    def veiled(self, error: Gone, name: str) -> Gone | NotFound:
        """What to tell of a deletion."""
        return error if self.is_whole_for(error.patient_id) else self.missing(name)
