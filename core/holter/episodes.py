"""Episodes of a session: the spans with the same kind and start are one, its last telling counts.

An episode is told again by each strip that it overlaps. What no further strip can tell again is
counted and let go; only the longest and the fastest of each kind are kept, so that a fortnight
of couplets takes no more room than an hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ecg import RhythmKind

KEPT = 4
"""How many of the longest of a kind are kept, to be shown."""
_LATE_STRIPS = 2
"""A span told by one of the last strips may be told again, one strip in between being lost."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An episode as strip ``told_by`` tells of it; ``onset`` is the time of ``first_sample``."""

    kind: RhythmKind
    first_sample: int
    stop_sample: int
    beats: int
    rate_per_min: float | None
    verified: bool
    told_by: int
    onset: datetime
    duration_s: float


@dataclass(frozen=True, slots=True)
class KindSums:
    """All episodes of one kind. ``longest`` are the KEPT longest, verified ones first."""

    kind: RhythmKind
    count: int
    unverified: int
    duration_s: float
    beats: int
    longest: tuple[Telling, ...]
    fastest: Telling | None


def folded(
    tellings: Iterable[Telling], sums: Iterable[KindSums], first_sample: int, last_strip: int
) -> tuple[tuple[Telling, ...], tuple[KindSums, ...]]:
    """What other strips may tell of too, and the sums of the rest.

    What began before ``first_sample`` waits for the strips before, and what one of the last
    strips told for those after ``last_strip``.
    """
    latest: dict[tuple[RhythmKind, int], Telling] = {}
    for telling in tellings:
        key = (telling.kind, telling.first_sample)
        if key not in latest or latest[key].told_by <= telling.told_by:
            latest[key] = telling
    waiting: list[Telling] = []
    done: list[Telling] = []
    for telling in latest.values():
        late = telling.told_by > last_strip - _LATE_STRIPS
        (waiting if late or telling.first_sample < first_sample else done).append(telling)
    waiting.sort(key=lambda telling: (telling.first_sample, telling.kind))
    return tuple(waiting), closed(done, sums)


def closed(tellings: Iterable[Telling], sums: Iterable[KindSums]) -> tuple[KindSums, ...]:
    """The sums with these episodes, of which nothing more is told; in the order of RhythmKind."""
    found: dict[RhythmKind, list[KindSums]] = {}
    for one in (*sums, *map(_alone, tellings)):
        found.setdefault(one.kind, []).append(one)
    return tuple(_sum(found[kind]) for kind in RhythmKind if kind in found)


def _alone(telling: Telling) -> KindSums:
    return KindSums(
        kind=telling.kind,
        count=1,
        unverified=0 if telling.verified else 1,
        duration_s=telling.duration_s,
        beats=telling.beats,
        longest=(telling,),
        fastest=telling if telling.rate_per_min is not None else None,
    )


def _sum(parts: Sequence[KindSums]) -> KindSums:
    if len(parts) == 1:
        return parts[0]
    longest = sorted((one for part in parts for one in part.longest), key=_by_length)
    fast = [part.fastest for part in parts if part.fastest is not None]
    return KindSums(
        kind=parts[0].kind,
        count=sum(part.count for part in parts),
        unverified=sum(part.unverified for part in parts),
        duration_s=sum(part.duration_s for part in parts),
        beats=sum(part.beats for part in parts),
        longest=tuple(longest[:KEPT]),
        fastest=min(fast, key=_by_rate, default=None),
    )


def _by_length(one: Telling) -> tuple[bool, float, int]:
    return not one.verified, -one.duration_s, one.first_sample


def _by_rate(one: Telling) -> tuple[bool, float, int]:
    return not one.verified, -(one.rate_per_min or 0.0), one.first_sample
