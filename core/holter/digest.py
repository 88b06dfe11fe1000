"""A stretch of strips, summed up so that two successive ones merge into one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from core.ecg import Hrv
from core.holter.episodes import KindSums, Telling, folded

RR_BIN_MS = 1000 / 128
"""Bin of the RR histogram: the Task Force's for the triangular index (1996, Appendix A)."""
RATE_BIN_PER_MIN = 5

Bins = tuple[tuple[int, int], ...]
"""A histogram: (bin, count), by bin."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What simply adds up. ``quality_s`` is the score times the seconds it holds for.

    ``named`` beats have an EC57 class. ``nn`` are intervals between two normal beats, in ms;
    ``nn_steps`` the differences between two that follow each other.
    """

    strips: int = 0
    analysed_s: float = 0.0
    readable_s: float = 0.0
    missing_s: float = 0.0
    lead_off_s: float = 0.0
    quality_s: float = 0.0
    missing_samples: int = 0
    fallback_strips: int = 0
    beats: int = 0
    classified: int = 0
    abnormal: int = 0
    normal: int = 0
    supraventricular: int = 0
    ventricular: int = 0
    fusion: int = 0
    unknown: int = 0
    rate_sum_per_min: float = 0.0
    rates: int = 0
    rr_pauses: int = 0
    nn: int = 0
    nn_sum_ms: float = 0.0
    nn_squares_ms2: float = 0.0
    nn_steps: int = 0
    nn_step_squares_ms2: float = 0.0
    nn_steps_over_50_ms: int = 0

    @property
    def named(self) -> int:
        """Beats with a class."""
        counts = (self.normal, self.supraventricular, self.ventricular, self.fusion, self.unknown)
        return sum(counts)


_VALUES = attrgetter(*(field.name for field in fields(Sums)))


@dataclass(frozen=True, slots=True)
class Extreme:
    """A lowest or highest value: when, and at which sample of the session."""

    value: float
    at: datetime
    sample: int


@dataclass(frozen=True, slots=True)
class Minute:
    """The strips that began in one minute; ``minute`` counts since 1970 in UTC.

    ``kinds`` are the rhythms told of them; the rates are 0 where ``rates`` is.
    """

    minute: int
    strips: int
    quality: float
    rates: int
    rate_sum_per_min: float
    rate_min_per_min: float
    rate_max_per_min: float
    beats: int
    named: int
    ventricular: int
    supraventricular: int
    nn: int
    nn_sum_ms: float
    nn_squares_ms2: float
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Strips ``first_strip`` to ``last_strip`` of one session and one wearer, summed up.

    ``windows`` are those of five minutes, in order.
    """

    first_strip: int
    last_strip: int
    first_sample: int
    started_at: datetime
    ended_at: datetime
    rate_hz: float
    pipeline_version: str
    model_id: str
    sums: Sums
    lowest_rate: Extreme | None = None
    highest_rate: Extreme | None = None
    longest_rr_ms: Extreme | None = None
    rr: Bins = ()
    rates: Bins = ()
    qrs_ms: Bins = ()
    qt_ms: Bins = ()
    qtc_ms: Bins = ()
    refused_s: tuple[tuple[str, float], ...] = ()
    minutes: tuple[Minute, ...] = ()
    tellings: tuple[Telling, ...] = ()
    kinds: tuple[KindSums, ...] = ()
    windows: tuple[Hrv, ...] = ()


def merged(parts: Sequence[Digest]) -> Digest:
    """One digest of successive ones; there must be one at least, each later than the one before."""
    first, last = parts[0], parts[-1]
    tellings, kinds = folded(
        [telling for part in parts for telling in part.tellings],
        [sums for part in parts for sums in part.kinds],
        first.first_sample,
        last.last_strip,
    )
    return Digest(
        first_strip=first.first_strip,
        last_strip=last.last_strip,
        first_sample=first.first_sample,
        started_at=min(part.started_at for part in parts),
        ended_at=max(part.ended_at for part in parts),
        rate_hz=last.rate_hz,
        pipeline_version=last.pipeline_version,
        model_id=last.model_id,
        sums=_added([part.sums for part in parts]),
        lowest_rate=_lowest(part.lowest_rate for part in parts),
        highest_rate=_highest(part.highest_rate for part in parts),
        longest_rr_ms=_highest(part.longest_rr_ms for part in parts),
        rr=_bins(part.rr for part in parts),
        rates=_bins(part.rates for part in parts),
        qrs_ms=_bins(part.qrs_ms for part in parts),
        qt_ms=_bins(part.qt_ms for part in parts),
        qtc_ms=_bins(part.qtc_ms for part in parts),
        refused_s=_seconds(part.refused_s for part in parts),
        minutes=_minutes(minute for part in parts for minute in part.minutes),
        tellings=tellings,
        kinds=kinds,
        windows=tuple(window for part in parts for window in part.windows),
    )


def _added(parts: Iterable[Sums]) -> Sums:
    return Sums(*map(sum, zip(*map(_VALUES, parts), strict=True)))


def _lowest(found: Iterable[Extreme | None]) -> Extreme | None:
    """The lowest; of equal ones the first."""
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: (one.value, one.sample), default=None)


def _highest(found: Iterable[Extreme | None]) -> Extreme | None:
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: (one.value, -one.sample), default=None)


def _bins(parts: Iterable[Bins]) -> Bins:
    counted: Counter[int] = Counter()
    for part in parts:
        for number, count in part:
            counted[number] += count
    return tuple(sorted(counted.items()))


def _seconds(parts: Iterable[tuple[tuple[str, float], ...]]) -> tuple[tuple[str, float], ...]:
    summed: dict[str, float] = {}
    for part in parts:
        for reason, seconds in part:
            summed[reason] = summed.get(reason, 0.0) + seconds
    return tuple(sorted(summed.items()))


def _minutes(parts: Iterable[Minute]) -> tuple[Minute, ...]:
    """By time: where a clock was put back, what fell into the same minute is added."""
    found: dict[int, list[Minute]] = {}
    for part in parts:
        found.setdefault(part.minute, []).append(part)
    return tuple(_minute(found[minute]) for minute in sorted(found))


def _minute(parts: Sequence[Minute]) -> Minute:
    if len(parts) == 1:
        return parts[0]
    rated = [part for part in parts if part.rates]
    return Minute(
        minute=parts[0].minute,
        strips=sum(part.strips for part in parts),
        quality=sum(part.quality for part in parts),
        rates=sum(part.rates for part in rated),
        rate_sum_per_min=sum(part.rate_sum_per_min for part in rated),
        rate_min_per_min=min((part.rate_min_per_min for part in rated), default=0.0),
        rate_max_per_min=max((part.rate_max_per_min for part in rated), default=0.0),
        beats=sum(part.beats for part in parts),
        named=sum(part.named for part in parts),
        ventricular=sum(part.ventricular for part in parts),
        supraventricular=sum(part.supraventricular for part in parts),
        nn=sum(part.nn for part in parts),
        nn_sum_ms=sum(part.nn_sum_ms for part in parts),
        nn_squares_ms2=sum(part.nn_squares_ms2 for part in parts),
        kinds=tuple(sorted({kind for part in parts for kind in part.kinds})),
    )
