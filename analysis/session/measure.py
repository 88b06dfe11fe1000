"""Once a minute of signal: QRS duration, QT and QTc over the beats up to a strip's end.

The samples are those that were received, for the delineation brings its own filter; which beats
are normal is known once they are classified. The strip is chosen by the session's sample index,
so that results do not depend on how chunks were batched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.rhythm.intervals import intervals
from analysis.session.segment import CONTEXT_S, Segment
from core.chunk import INVALID_SAMPLE
from core.ecg import Intervals, StripFinding

EVERY_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Unfiltered float64[n] in mV from sample index ``first`` of the session on, none missing."""

    first: int
    rate_hz: float
    mv: npt.NDArray[np.float64]


def is_due(first: int, stop: int, rate_hz: float) -> bool:
    """Whether a minute of the session begins in the samples [``first``, ``stop``)."""
    every = round(EVERY_S * rate_hz)
    return -first % every < stop - first


def trace(segments: Iterable[Segment], stop: int) -> Trace | None:
    """The last CONTEXT_S before sample index ``stop``; less where the signal began later.

    None if that signal broke off before ``stop``, or samples of it are missing.
    """
    for segment in segments:
        if segment.start < stop <= segment.stop:
            first = max(segment.start, stop - round(CONTEXT_S * segment.rate_hz))
            codes = segment.codes[first - segment.start : stop - segment.start]
            if (codes == INVALID_SAMPLE).any():
                return None
            mv = codes.astype(np.float64) * (segment.nv_per_lsb * 1e-6)
            return Trace(first, segment.rate_hz, mv)
    return None


@dataclass(slots=True)
class Recent:
    """The beats of the last CONTEXT_S, by sample index, and whether each is normal."""

    beats: list[tuple[int, bool]] = field(default_factory=list)

    def see(self, finding: StripFinding) -> None:
        """Take the next strip's beats, and forget the oldest."""
        stop = finding.first_sample + finding.n_samples
        oldest = stop - round(CONTEXT_S * finding.rate_hz)
        beats = [*self.beats, *((b.sample_index, finding.is_normal(b)) for b in finding.beats)]
        self.beats = [beat for beat in beats if beat[0] >= oldest]

    def measure(self, signal: Trace) -> Intervals | None:
        """The medians over the normal beats in ``signal``, None where they cannot be trusted."""
        known = [(at - signal.first, normal) for at, normal in self.beats if at >= signal.first]
        peaks, normal = [at for at, _ in known], [is_normal for _, is_normal in known]
        return intervals(signal.mv, signal.rate_hz, peaks, normal)
