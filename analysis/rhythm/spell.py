"""A rhythm that may be going on: its first and latest beat, from which a span is made."""

from dataclasses import dataclass

from core.ecg import RhythmKind, RhythmSpan


@dataclass(slots=True)
class Spell:
    """Beats ``first`` to ``last`` (sample indices), ``beats`` of them."""

    first: int
    last: int
    beats: int = 1

    def extend(self, sample_index: int, beats: int = 1) -> None:
        """Go on to the beat at ``sample_index``, the ``beats``-th from the latest.

        A beat that is told out of order, as none should be, turns no span around.
        """
        self.last = max(self.last, sample_index)
        self.beats += beats

    def per_min(self, rate_hz: float) -> float | None:
        """Mean rate over the spell's intervals, None with fewer than two beats."""
        if self.beats < 2 or self.last <= self.first:
            return None
        return 60 * rate_hz * (self.beats - 1) / (self.last - self.first)

    def span(self, kind: RhythmKind, rate_hz: float, stop: int | None = None) -> RhythmSpan:
        """What it amounts to; ``stop`` is the beat that ended it, None as long as it goes on.

        As in the reference annotations, a rhythm lasts until the next one's first beat.
        """
        per_min = self.per_min(rate_hz)
        return RhythmSpan(
            kind,
            self.first,
            max(self.last + 1, stop or 0),
            self.beats,
            None if per_min is None else round(per_min, 3),
            verified=True,
        )
