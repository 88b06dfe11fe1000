"""Beats for which the network is asked at once, while their strip still runs.

A ventricular run at any rate is to be told within 10 s of its first beat (ANSI/AAMI EC13), but a
strip lasts 12 s. So the running strip is read when three beats in a row look broad and unlike the
usual one (``wide``), and when the heart becomes fast; and once more some beats later, for the
network classes no beat before the next one. What they are, the classes tell. Which of the two
a run shows depends on the lead: both were needed on DS1.
"""

from dataclasses import dataclass, field

from analysis.rhythm.ectopy import RUN_BEATS, VT_ABOVE_PER_MIN, VT_BEATS

ASK_AT_OTHERS = (RUN_BEATS, VT_BEATS)
ASK_AT_FAST = (1, 1 + VT_BEATS)
"""At which broad beat in a row, and at which beat since the heart is fast."""
ENDS_PER_MIN = 95.0
"""Below this the heart is no longer fast: a rate at the limit does not ask again and again."""


@dataclass(slots=True)
class Onset:
    """The last VT_BEATS R peaks, and for how many beats they have been fast."""

    recent: list[int] = field(default_factory=list)
    fast: int = 0

    def push(self, sample_index: int, others: int, rate_hz: float) -> bool:
        """Take the next R peak, the ``others``-th broad one in a row; whether to ask now."""
        self.recent = [*self.recent[1 - VT_BEATS :], sample_index]
        self.fast = self.fast + 1 if self._is_fast(rate_hz) else 0
        return others in ASK_AT_OTHERS or self.fast in ASK_AT_FAST

    def lose(self) -> None:
        """Forget the beats: the signal breaks off."""
        self.recent, self.fast = [], 0

    def _is_fast(self, rate_hz: float) -> bool:
        if len(self.recent) < VT_BEATS:
            return False
        limit = ENDS_PER_MIN if self.fast else VT_ABOVE_PER_MIN
        return (self.recent[-1] - self.recent[0]) * limit < 60 * rate_hz * (VT_BEATS - 1)
