"""What was received of each strip that is not read yet: counts, and its time."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.session.clock import Clock, Instant, samples_us, stated_time
from analysis.session.segment import Codes
from analysis.session.strips import Place
from analysis.signal.faults import Counts
from analysis.signal.rpeaks import RATE_MAX_HZ, RATE_MIN_HZ
from core.chunk import INVALID_SAMPLE, ChunkBody, ChunkFlag
from core.ecg import SAMPLES_PER_STRIP

Mask = npt.NDArray[np.bool_]

_LEADS = ChunkFlag.LEAD_OFF_PLUS | ChunkFlag.LEAD_OFF_MINUS
_LARGEST = 32767


def is_usable(body: ChunkBody) -> bool:
    """Whether filter and detector are made for the chunk's sampling rate."""
    return RATE_MIN_HZ <= body.rate_hz <= RATE_MAX_HZ


def usable_codes(body: ChunkBody) -> Codes:
    """The chunk's samples, int16[n_valid], invalid ones marked.

    A device that reports leads off without marking samples cannot say which ones: all are.
    """
    codes = body.samples[: body.n_valid]
    if body.flags & _LEADS and not (codes == INVALID_SAMPLE).any():
        return np.full_like(codes, INVALID_SAMPLE)
    return codes


def saturated(body: ChunkBody, codes: Codes) -> npt.NDArray[np.bool_]:
    """Which samples, bool[n], lie at the end of a range: int16's, or, if flagged, the chunk's."""
    valid = codes != INVALID_SAMPLE
    low, high = -_LARGEST, _LARGEST
    if body.flags & ChunkFlag.SATURATED and valid.any():
        low, high = int(codes[valid].min()), int(codes[valid].max())
    at_rail: npt.NDArray[np.bool_] = valid & ((codes <= low) | (codes >= high))
    return at_rail


@dataclass(slots=True)
class Tally:
    """One strip's reception so far; rate and time are those of its first chunk.

    ``saturated`` has a count for each second begun.
    """

    strip_index: int
    rate_centihz: int
    time_us: int | None = None
    synced: bool = False
    received: int = 0
    lead_off: int = 0
    saturated: list[int] = field(default_factory=list)
    clock_jumps: int = 0

    @property
    def first_sample(self) -> int:
        """Sample index at which the strip begins, received or not."""
        return self.strip_index * SAMPLES_PER_STRIP

    def place(self, clock: Clock) -> Place:
        """Where it lies; its time by ``clock`` if its first chunk knew none."""
        started = clock.at(self.first_sample, self.rate_centihz)
        if self.time_us is not None:
            started = Instant(self.time_us, self.synced)
        return Place(self.strip_index, self.first_sample, started, self.rate_centihz / 100)

    def counts(self, n_samples: int) -> Counts:
        """The counts of a strip of ``n_samples``."""
        return Counts(
            n_samples, self.received, self.lead_off, tuple(self.saturated), self.clock_jumps
        )

    def count(self, first: int, missing: Mask, at_rail: Mask) -> None:
        """Count in samples from the strip's sample ``first`` on: bool[n] and bool[n]."""
        self.received += len(missing)
        self.lead_off += int(missing.sum())
        seconds = (first + np.flatnonzero(at_rail)) * 100 // self.rate_centihz
        for second, found in zip(*np.unique(seconds, return_counts=True), strict=True):
            self.saturated[second] += int(found)


def count_in(
    tallies: dict[int, Tally], body: ChunkBody, codes: Codes, *, jumped: bool = False
) -> None:
    """Add a chunk to the tallies of the strips that it lies in (one or two).

    ``jumped``: the clock was set before it.
    """
    at_rail = saturated(body, codes)
    missing = codes == INVALID_SAMPLE
    done = 0
    while done < len(codes):
        strip_index, offset = divmod(body.sample_index + done, SAMPLES_PER_STRIP)
        part = slice(done, min(len(codes), done + SAMPLES_PER_STRIP - offset))
        if strip_index not in tallies:
            tallies[strip_index] = _begin(strip_index, body)
        tally = tallies[strip_index]
        tally.count(offset, missing[part], at_rail[part])
        tally.clock_jumps += jumped and done == 0
        done = part.stop


def _begin(strip_index: int, body: ChunkBody) -> Tally:
    tally = Tally(strip_index, body.rate_centihz)
    tally.saturated = [0] * (SAMPLES_PER_STRIP * 100 // body.rate_centihz + 1)
    stated = stated_time(body)
    if stated is not None:
        away_us = samples_us(tally.first_sample - body.sample_index, body.rate_centihz)
        tally.time_us, tally.synced = stated.time_us + away_us, stated.synced
    return tally
