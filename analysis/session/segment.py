"""One unbroken run of signal: the samples that are still needed, filtered, and its R peaks.

A gap ends a segment, so no filter, no RR interval and no beat ever straddles one. The band-passed
samples are not part of the state: a second filter stands at the first sample that is kept, and
makes them again, to the last digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.context import Context
from analysis.signal.filters import BandPass
from analysis.signal.rpeaks import RPeakDetector
from core.chunk import INVALID_SAMPLE
from core.ecg import SAMPLES_PER_STRIP

CONTEXT_S = SAMPLES_PER_STRIP / 125
"""The time up to a strip's end over which beats may be compared: a strip at 125 Hz. At 500 Hz a
strip lasts 3 s, and a slow heart beats once in it."""

Codes = npt.NDArray[np.int16]
Signal = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The part of a strip that lies in one segment, with the signal around it.

    ``signal`` is float64[n] in mV, band-passed; ``valid`` bool[n] says which samples were
    measured; the strip's part is [``low``, ``high``). ``peaks`` are the R peaks of the part as
    positions in ``signal``; ``earlier`` are those before it, the last one and whatever lies within
    CONTEXT_S of its end, and ``after`` is the next one. ``start`` is the sample index of
    position 0; one code is ``lsb_mv``.
    """

    rate_hz: float
    lsb_mv: float
    start: int
    signal: Signal
    valid: npt.NDArray[np.bool_]
    low: int
    high: int
    earlier: tuple[int, ...]
    peaks: tuple[int, ...]
    after: int | None


def fill(codes: Codes, held: int) -> Codes:
    """``codes`` int16[n] with each invalid one replaced by the last valid one, first ``held``."""
    valid = codes != INVALID_SAMPLE
    if valid.all():
        return codes
    last = np.maximum.accumulate(np.where(valid, np.arange(1, len(codes) + 1), 0))
    return np.concatenate((np.array([held], dtype=np.int16), codes))[last]


class Segment:
    """A run of samples at one rate and one gain, from sample index ``start`` on.

    ``start`` moves on as samples are dropped; ``stop`` is the index after the last one.
    ``peaks`` are sample indices of the session, ascending. ``context`` knows the beats of all
    strips that were read.
    """

    def __init__(self, start: int, rate_centihz: int, nv_per_lsb: int) -> None:
        self.start = self.origin = start
        self.rate_centihz, self.nv_per_lsb = rate_centihz, nv_per_lsb
        self.codes: Codes = np.empty(0, dtype=np.int16)
        self.signal: Signal = np.empty(0)
        self.peaks: list[int] = []
        self.is_open = True
        self.context = Context()
        self._held = 0
        self._filter, self._trail = BandPass(self.rate_hz), BandPass(self.rate_hz)
        self._detector = RPeakDetector(self.rate_hz)

    @property
    def rate_hz(self) -> float:
        """Sampling rate in Hz."""
        return self.rate_centihz / 100

    @property
    def stop(self) -> int:
        """Sample index after the last sample."""
        return self.start + len(self.codes)

    @property
    def settled(self) -> int:
        """The sample index of the session before which every R peak is found."""
        return self.origin + self._detector.settled

    def push(self, codes: Codes) -> None:
        """Take the next samples, int16[n]; the first one of all must be valid."""
        samples_mv = self._millivolts(codes, self._last_code())
        self.codes = np.concatenate((self.codes, codes))
        self.signal = np.concatenate((self.signal, self._filter.push(samples_mv)))
        self.peaks += [self.origin + peak for peak in self._detector.push(samples_mv)]

    def finish(self) -> None:
        """End here: all peaks are found now."""
        if self.is_open:
            self.peaks += [self.origin + peak for peak in self._detector.flush()]
            self.is_open = False

    def drop(self, before: int) -> None:
        """Forget the samples below ``before``, and the peaks but the last one below it."""
        n = min(before, self.stop) - self.start
        if n <= 0:
            return
        filled = fill(self.codes[:n], self._held)
        self._trail.push(self._millivolts(filled, 0))
        self._held = int(filled[-1])
        self.codes, self.signal = self.codes[n:], self.signal[n:]
        self.start += n
        past = sum(peak < before for peak in self.peaks)
        self.peaks = self.peaks[max(past - 1, 0) :]

    def stretch(self, first: int, stop: int) -> Stretch | None:
        """What lies in [``first``, ``stop``), None if nothing does."""
        low, high = max(first, self.start), min(stop, self.stop)
        if low >= high:
            return None
        peaks = [peak - self.start for peak in self.peaks]
        before = [peak for peak in peaks if peak < low - self.start]
        oldest = high - self.start - CONTEXT_S * self.rate_hz
        recent = [peak for peak in before if peak >= oldest]
        after = [peak for peak in peaks if peak >= high - self.start]
        return Stretch(
            self.rate_hz,
            self.nv_per_lsb * 1e-6,
            self.start,
            self.signal,
            self.codes != INVALID_SAMPLE,
            low - self.start,
            high - self.start,
            tuple(recent or before[-1:]),
            tuple(peaks[len(before) : len(peaks) - len(after)]),
            after[0] if after else None,
        )

    def dump(self) -> dict[str, Any]:
        """The state: numbers, lists of numbers and arrays."""
        state: dict[str, Any] = {
            "start": self.start,
            "origin": self.origin,
            "rate_centihz": self.rate_centihz,
            "nv_per_lsb": self.nv_per_lsb,
            "is_open": self.is_open,
            "held": self._held,
            "peaks": self.peaks,
            "codes": self.codes,
            "trail": self._trail.state,
            "context": self.context.dump(),
        }
        if self.is_open:
            state |= {f"detector.{name}": value for name, value in self._detector.dump().items()}
        return state

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Segment":
        """The segment that ``dump`` described."""
        segment = cls(state["start"], state["rate_centihz"], state["nv_per_lsb"])
        segment.origin = state["origin"]
        segment.codes, segment.peaks = state["codes"], list(state["peaks"])
        segment.is_open, segment._held = state["is_open"], state["held"]
        segment.context = Context.load(state["context"])
        segment._trail = BandPass(segment.rate_hz, state["trail"])
        segment._filter = BandPass(segment.rate_hz, state["trail"])
        segment.signal = segment._filter.push(segment._millivolts(segment.codes, segment._held))
        if segment.is_open:
            prefix = "detector."
            segment._detector.load(
                {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
            )
        return segment

    def _last_code(self) -> int:
        return int(fill(self.codes, self._held)[-1]) if len(self.codes) else self._held

    def _millivolts(self, codes: Codes, held: int) -> Signal:
        return fill(codes, held).astype(np.float64) * (self.nv_per_lsb * 1e-6)
