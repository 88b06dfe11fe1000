"""Interleaved rounds A, B, A, B, …: what slows the machine slows all of them alike.

The ratio is taken within each round and then its median over the rounds, so that a machine
that is shared, or changes its clock, disturbs it less than it does the rates.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.report import Row

Lap = tuple[int, float]
"""How many were done, in how many seconds."""
Contender = Callable[[], Awaitable[Lap]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure: rounds, and the share of the full amount per round.

    ``observations`` are those among which reads are measured.
    """

    rounds: int
    share: float
    observations: int = 1_000_000

    def of(self, full: int, least: int = 1) -> int:
        """That share of ``full``, ``least`` at least."""
        return max(least, round(full * self.share))


FULL = Size(5, 1.0)
QUICK = Size(3, 0.25, 100_000)


@dataclass(frozen=True, slots=True)
class Speed:
    """Median rate per second, and median, least and greatest ratio to the first contender."""

    per_second: float
    ratio: float
    least: float
    greatest: float

    def row(self, benchmark: str, case: str, unit: str, beside: str = "", note: str = "") -> Row:
        """As a row; a baseline stands beside nothing."""
        if not beside:
            return Row(benchmark, case, self.per_second, unit, note=note)
        spread = f"from {self.least:.2g} to {self.greatest:.2g}"
        note = f"{spread}; {note}" if note else spread
        return Row(benchmark, case, self.per_second, unit, self.ratio, beside, note=note)


async def compare(contenders: Mapping[str, Contender], rounds: int) -> dict[str, Speed]:
    """Run all of them in turn, ``rounds`` times; the first is the baseline of the others."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            count, seconds = await contender()
            rates[name].append(count / seconds)
    baseline = rates[next(iter(rates))]
    return {name: _speed(mine, baseline) for name, mine in rates.items()}


def _speed(mine: Sequence[float], baseline: Sequence[float]) -> Speed:
    ratios = [rate / base for rate, base in zip(mine, baseline, strict=True)]
    return Speed(median(mine), median(ratios), min(ratios), max(ratios))


def computing(work: Callable[[], int]) -> Contender:
    """A contender that only computes; ``work`` returns how many it did."""

    async def lap() -> Lap:
        began = time.perf_counter()
        count = work()
        return count, time.perf_counter() - began

    return lap


def percentiles_ms(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99 of latencies, in milliseconds."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return float(p50), float(p99)
