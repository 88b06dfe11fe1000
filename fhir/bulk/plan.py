"""The plan of a job: its steps, one type after the other. It is kept as JSON with the job."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from core.errors import Incorrect
from fhir.search import request as searches
from fhir.search.params import ResourceType
from fhir.search.registry import TYPES
from fhir.search.request import Limits, Pair
from fhir.values import Json
from store.criteria import Query, SortColumn, SortKey

_RESULT = {
    "_sort", "_count", "_total", "_totalMethod", "_summary", "_elements", "_include",
    "_revinclude", "_format", "_pretty", "_contained", "_containedType", "_cursor",
}  # fmt: skip
_BY_ID = (SortKey(SortColumn.ID),)
_LIMITS = Limits(1, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """Resources of one type, or its deletions; one of ``filters`` holds, if there are any."""

    type: str
    deletions: bool = False
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job does. ``url`` is the request; ``reads`` whether its scopes must allow reading.

    ``patients`` and ``in_compartment`` are those of ``store.snapshots.Snapshot``.
    """

    url: str
    base: str
    steps: tuple[Step, ...]
    since: datetime | None = None
    patients: tuple[str, ...] | None = None
    in_compartment: bool = False
    reads: bool = True

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the output may hold."""
        return tuple(dict.fromkeys(step.type for step in self.steps))

    def to_json(self) -> Json:
        """As it is kept."""
        return {
            "url": self.url,
            "base": self.base,
            "steps": [[s.type, s.deletions, list(s.filters)] for s in self.steps],
            "since": self.since.isoformat() if self.since else None,
            "patients": None if self.patients is None else list(self.patients),
            "in_compartment": self.in_compartment,
            "reads": self.reads,
        }

    @classmethod
    def from_json(cls, kept: Json) -> "Plan":
        """The reverse of ``to_json``."""
        since, patients = kept["since"], kept["patients"]
        return cls(
            url=kept["url"],
            base=kept["base"],
            steps=tuple(Step(t, deletions, tuple(fs)) for t, deletions, fs in kept["steps"]),
            since=datetime.fromisoformat(since) if since else None,
            patients=None if patients is None else tuple(patients),
            in_compartment=kept["in_compartment"],
            reads=kept["reads"],
        )


def query(type_: str, text: str, base: str) -> Query:
    """What a search in ``_typeFilter`` asks of a resource, in the order of ids.

    Raises Incorrect if it cannot be carried out.
    """
    kind = TYPES.get(type_)
    if kind is None:
        raise Incorrect(f"there is no resource type {type_[:80]!r} here")
    pairs = parse_qsl(text, keep_blank_values=True)
    for name, _ in pairs:
        if _is_of_results(name):
            raise Incorrect(f"{name[:80]} says nothing of a resource; leave it out")
    clauses = searches.parse(kind, pairs, _LIMITS, base).query.clauses
    return Query(kind.name, clauses, _BY_ID)


def search_step(kind: ResourceType, applied: tuple[Pair, ...]) -> Step:
    """The one step of a search that is carried out later; order and pages mean nothing there."""
    asked = [pair for pair in applied if not _is_of_results(pair[0])]
    return Step(kind.name, filters=(urlencode(asked),))


def _is_of_results(name: str) -> bool:
    return name.partition(":")[0] in _RESULT
