"""All rhythms of a session, beat by beat, with bounded state: streaming equals batch by design."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from analysis.rhythm.atrial import Atrial
from analysis.rhythm.ectopy import Ectopy
from analysis.rhythm.mark import Mark, is_paced_or_unknown, is_supraventricular, is_ventricular
from analysis.rhythm.rates import Pace, standstill
from analysis.rhythm.series import Series
from analysis.rhythm.usual import SHARE
from core.ecg import RhythmKind, RhythmSpan


@dataclass(slots=True)
class Tracker:
    """What is going on of each rhythm; takes marks in order of time."""

    ectopy: Ectopy = field(default_factory=Ectopy)
    pace: Pace = field(default_factory=Pace)
    atrial: Atrial = field(default_factory=Atrial)
    runs: Series = field(default_factory=lambda: Series(RhythmKind.SUPRAVENTRICULAR_RUN))
    paced: Series = field(default_factory=lambda: Series(RhythmKind.PACED))
    usual_rr_s: float | None = None

    def push(self, mark: Mark, rate_hz: float) -> list[RhythmSpan]:
        """Take the next beat of a readable stretch; the spans that it ends."""
        ended = self.end(rate_hz) if mark.rr_s is None else []
        ventricular = is_ventricular(mark, self.usual_rr_s)
        at = mark.sample_index
        ended += standstill(mark, rate_hz)
        ended += self.ectopy.push(at, ventricular, rate_hz)
        ended += self.runs.push(at, is_supraventricular(mark), rate_hz)
        ended += self.paced.push(at, is_paced_or_unknown(mark), rate_hz)
        ended += self.pace.push(mark, rate_hz)
        ended += self.atrial.push(mark, ventricular, rate_hz)
        if mark.rr_s is not None:
            usual = mark.rr_s if self.usual_rr_s is None else self.usual_rr_s
            self.usual_rr_s = usual + SHARE * (mark.rr_s - usual)
        return ended

    def push_unreadable(self, mark: Mark, rate_hz: float) -> list[RhythmSpan]:
        """Take a beat of a stretch that cannot be read: only a standstill is told, unverified."""
        return [replace(span, verified=False) for span in standstill(mark, rate_hz)]

    def end(self, rate_hz: float) -> list[RhythmSpan]:
        """All rhythms end here, as at a gap or where the signal cannot be read."""
        parts = (self.ectopy, self.runs, self.paced, self.pace, self.atrial)
        return [span for part in parts for span in part.end(rate_hz)]

    def open(self, rate_hz: float) -> list[RhythmSpan]:
        """The rhythms that go on."""
        parts = (self.ectopy, self.runs, self.paced, self.pace, self.atrial)
        return [span for part in parts for span in part.open(rate_hz)]


def episodes(marks: Iterable[Mark], rate_hz: float) -> list[RhythmSpan]:
    """All spans of a readable recording's beats, in order of their start."""
    tracker = Tracker()
    spans = [span for mark in marks for span in tracker.push(mark, rate_hz)]
    return sorted([*spans, *tracker.end(rate_hz)], key=lambda s: (s.first_sample, s.kind))


def latest(spans: Sequence[RhythmSpan]) -> list[RhythmSpan]:
    """One span for each (kind, start): the last telling counts."""
    found = {(span.kind, span.first_sample): span for span in spans}
    return sorted(found.values(), key=lambda s: (s.first_sample, s.kind))
