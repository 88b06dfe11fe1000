"""Groups of resources by their code, as $lastn makes them.

Codings are the same if code and system are; the codings of one resource are translations of each
other, and what equals the same is equal. A code without codings is its text. Source:
https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

import orjson

from fhir.search.indexing import concept
from store.index import Concept
from store.latest import Latest

Coding = tuple[str, str, str]


def codings(of: Concept | None) -> list[Coding]:
    """The codings of a concept: (parameter, code, system)."""
    return [] if of is None else [(of.param, *coding) for coding in of.codings]


class Groups:
    """Codings that are equal, by what has been seen (a disjoint-set forest)."""

    def __init__(self) -> None:
        self._parent: dict[Coding, Coding] = {}

    def joined(self, same: Sequence[Coding]) -> None:
        """Take note that these are equal."""
        for other in same[1:]:
            self._parent[self.of(other)] = self.of(same[0])

    def of(self, coding: Coding) -> Coding:
        """The coding that stands for all that are equal to this one."""
        while (parent := self._parent.get(coding, coding)) != coding:
            coding = parent
        return coding

    def are_joined(self, same: Sequence[Coding]) -> bool:
        """Whether all of these are known to be equal."""
        return len({self.of(coding) for coding in same}) < 2


def concept_of(found: Latest) -> Concept | None:
    """The concept of a resource."""
    return concept(orjson.loads(found.document.body))


def newest(
    found: Iterable[tuple[Latest, Sequence[Coding]]], groups: Groups, count: int
) -> list[Latest]:
    """The newest ``count`` of each group and those as new as the last of them, newest first."""
    grouped: dict[Hashable, dict[str, Latest]] = {}
    for item, own in found:
        grouped.setdefault(groups.of(own[0]), {})[item.document.id] = item
    kept = [item for group in grouped.values() for item in _kept(list(group.values()), count)]
    return sorted(kept, key=_place, reverse=True)


def _kept(group: list[Latest], count: int) -> list[Latest]:
    times = sorted((item.at for item in group), reverse=True)[:count]
    return [item for item in group if item.at >= times[-1]]


def _place(item: Latest) -> tuple[datetime, str]:
    return item.at, item.document.id
