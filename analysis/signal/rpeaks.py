"""R peaks of one unbroken segment of single-lead ECG, chunk by chunk.

QRS energy (``qrs_features``), the highest hump of each 220 ms, and the choice among those
(``qrs_decision``). The result does not depend on where chunks begin and end, nor on gain or
polarity. A beat is told within 0.5 s of its R peak, but for the first 4 s of a segment, where
the beat level is learned and nothing is lost, and for beats found by looking back; ``settled``
says how far the telling has come, 10.5 s behind the last sample at the worst.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.signal.filters import Samples
from analysis.signal.qrs_decision import QrsDecision
from analysis.signal.qrs_features import Candidate, QrsFeatures
from core.errors import Incorrect

DETECTOR_VERSION = "qrs-energy-1"
"""Changes whenever the same signal may give other R peaks."""
REFRACTORY_S = 0.22
"""Of humps of energy closer than this, only the highest can be a beat."""
RATE_MIN_HZ = 100.0
RATE_MAX_HZ = 1000.0


class RPeakDetector:
    """Finds the R peaks of one segment; make a new one after a gap.

    ``rate_hz`` is the sampling rate, 100 to 1000 Hz (Incorrect otherwise). Sample indices count
    from the first sample pushed.
    """

    def __init__(self, rate_hz: float) -> None:
        if not RATE_MIN_HZ <= rate_hz <= RATE_MAX_HZ:
            raise Incorrect(f"sampling rate {rate_hz} Hz is outside 100 to 1000 Hz")
        self._features = QrsFeatures(rate_hz)
        self._decision = QrsDecision(rate_hz)
        self._refractory = REFRACTORY_S * rate_hz
        self._highest: Candidate | None = None

    @property
    def settled(self) -> int:
        """The sample index before which every R peak has been told."""
        highest = None if self._highest is None else self._highest[2]
        open_ends = (self._decision.undecided, highest, self._features.earliest)
        return min(index for index in open_ends if index is not None)

    def push(self, samples_mv: npt.ArrayLike) -> list[int]:
        """R peaks (sample indices, ascending, each told once) that the next samples settle.

        ``samples_mv``: float64[n] in mV, unfiltered. A non-finite sample counts as the last
        finite one before it.
        """
        found = self._settle(self._features.push(samples_mv))
        scanned = self._features.scanned
        if self._highest is not None and scanned - self._highest[0] < self._refractory:
            return found + self._decision.advance(self._highest[0])
        return found + self._settle_highest() + self._decision.advance(scanned)

    def flush(self) -> list[int]:
        """The remaining R peaks of the segment, which ends here; push nothing afterwards."""
        end = self._features.pushed
        found = self._settle(self._features.finish()) + self._settle_highest()
        return [r for r in found + self._decision.finish() if r < end]

    def _settle(self, humps: list[Candidate]) -> list[int]:
        found: list[int] = []
        for hump in humps:
            if self._highest is not None and hump[0] - self._highest[0] >= self._refractory:
                found += self._settle_highest()
            if self._highest is None or hump[1] > self._highest[1]:
                self._highest = hump
        return found

    def _settle_highest(self) -> list[int]:
        hump, self._highest = self._highest, None
        return [] if hump is None else self._decision.offer(hump)

    def dump(self) -> dict[str, Samples]:
        """The whole state as float64 arrays, for ``np.savez`` and ``load``."""
        highest = [] if self._highest is None else [self._highest]
        state = {"highest": np.array(highest, dtype=np.float64).reshape(-1, 3)}
        state |= {f"features_{name}": value for name, value in self._features.dump().items()}
        state |= {f"decision_{name}": value for name, value in self._decision.dump().items()}
        return state

    def load(self, state: Mapping[str, Samples]) -> None:
        """Go on from a state dumped by a detector of the same rate and version."""
        self._features.load(_part(state, "features_"))
        self._decision.load(_part(state, "decision_"))
        highest = [(int(i), float(h), int(r)) for i, h, r in state["highest"]]
        self._highest = highest[0] if highest else None


def _part(state: Mapping[str, Samples], prefix: str) -> dict[str, Samples]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
