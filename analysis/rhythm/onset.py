"""Beats for which the network is asked at once, while their strip still runs.

A ventricular run at any rate is to be told within 10 s of its first beat (ANSI/AAMI EC13), but a
strip lasts 12 s, and the network classes no beat before the next one. So the running strip is read
at the beat after the third and the fifth in a row that look broad and unlike the usual one
(``wide``), when the heart becomes fast and once more some beats later, and at the beat that ends a
burst of fast ones. What they are, the classes tell. Which of these a run shows depends on the
lead: all were needed on DS1.
"""

from dataclasses import dataclass, field

from analysis.rhythm.ectopy import RUN_BEATS, VT_ABOVE_PER_MIN, VT_BEATS

ASK_AFTER_OTHERS = (RUN_BEATS, VT_BEATS)
ASK_AT_FAST = (1, 1 + VT_BEATS)
"""After which broad beat in a row, and at which beat since the heart is fast."""
ENDS_PER_MIN = 95.0
"""Below this the heart is no longer fast: a rate at the limit does not ask again and again."""
BURST = RUN_BEATS - 1
"""Fast intervals in a row whose end asks."""


@dataclass(slots=True)
class Onset:
    """The last VT_BEATS R peaks, and for how many beats they have been fast.

    ``broad`` says of the last one which broad beat in a row it was, ``burst`` how many intervals
    up to it were fast, each by itself.
    """

    recent: list[int] = field(default_factory=list)
    fast: int = 0
    broad: int = 0
    burst: int = 0

    def push(self, sample_index: int, others: int, rate_hz: float) -> bool:
        """Take the next R peak, the ``others``-th broad one in a row; whether to ask now."""
        before, self.broad = self.broad, others
        ended = self._ends_burst(sample_index, rate_hz)
        self.recent = [*self.recent[1 - VT_BEATS :], sample_index]
        self.fast = self.fast + 1 if self._is_fast(rate_hz) else 0
        ended = ended and not self.fast
        return before in ASK_AFTER_OTHERS or self.fast in ASK_AT_FAST or ended

    def lose(self) -> None:
        """Forget the beats: the signal breaks off."""
        self.recent, self.fast, self.broad, self.burst = [], 0, 0, 0

    def _ends_burst(self, sample_index: int, rate_hz: float) -> bool:
        """Whether the interval to this peak is slow, and those before it were fast."""
        if not self.recent:
            return False
        burst = self.burst
        is_fast = (sample_index - self.recent[-1]) * VT_ABOVE_PER_MIN < 60 * rate_hz
        self.burst = burst + 1 if is_fast else 0
        return not is_fast and burst >= BURST

    def _is_fast(self, rate_hz: float) -> bool:
        if len(self.recent) < VT_BEATS:
            return False
        limit = ENDS_PER_MIN if self.fast else VT_ABOVE_PER_MIN
        return (self.recent[-1] - self.recent[0]) * limit < 60 * rate_hz * (VT_BEATS - 1)
