"""A session's rhythm: the look-out on the newest signal, and the rules on each strip's beats.

What a strip's beats look like is cut when the strip is read (``sights``); the rules wait for the
classes and go strip by strip (``tell``), so neither depends on how chunks were batched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from analysis.rhythm.agreement import Agreement
from analysis.rhythm.mark import Mark, is_ventricular
from analysis.rhythm.tracker import Tracker, latest
from analysis.rhythm.usual import (
    P_AFTER_S,
    P_BEFORE_S,
    QRS_AFTER_S,
    QRS_BEFORE_S,
    Usual,
    Window,
    correlation,
    window,
)
from analysis.session.segment import Stretch
from analysis.signal.quality import READABLE_SCORE
from core.ecg import Beat, RefusalReason, RhythmKind, RhythmSpan, StripFinding

_STANDSTILLS = (RhythmKind.PAUSE, RhythmKind.ASYSTOLE)
_NOISE = frozenset((RefusalReason.NOISE, RefusalReason.SATURATED))


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A beat before it has a class: time since the beat before (s; None after a gap), windows."""

    rr_s: float | None
    qrs: Window
    before: Window


def sights(stretches: Iterable[Stretch]) -> tuple[Sight, ...]:
    """The beats of a strip, in order."""
    return tuple(sight for stretch in stretches for sight in _of(stretch))


def _of(stretch: Stretch) -> list[Sight]:
    rate_hz, signal = stretch.rate_hz, stretch.signal
    found: list[Sight] = []
    earlier: list[int | None] = [*stretch.earlier[-1:]] or [None]
    for before, peak in pairwise([*earlier, *stretch.peaks]):
        rr_s = None
        if before is not None and peak is not None and stretch.valid[max(before, 0) : peak].all():
            rr_s = (peak - before) / rate_hz
        at = peak or 0
        qrs = window(signal, at, QRS_BEFORE_S, QRS_AFTER_S, rate_hz)
        found.append(Sight(rr_s, qrs, window(signal, at, P_BEFORE_S, P_AFTER_S, rate_hz)))
    return found


@dataclass(slots=True)
class StripRules:
    """The rules' state between two strips; ``noise_from`` is where a noisy stretch began.

    ``weak_to`` is where the last second ends that shows neither the patient's beats nor rest.
    """

    tracker: Tracker = field(default_factory=Tracker)
    usual: Usual = field(default_factory=Usual)
    broken: bool = True
    noise_from: int | None = None
    noise_to: int = 0
    weak_to: int = -1
    agreement: Agreement = field(default_factory=Agreement)

    def tell(
        self, finding: StripFinding, seen: Sequence[Sight], live: Sequence[RhythmSpan]
    ) -> tuple[RhythmSpan, ...]:
        """The spans that overlap the next strip; ``seen`` are its beats, ``live`` the look-out's.

        Asystole on which the settled beats shed another light is left out.
        """
        noise = self._noise(finding)
        readable = finding.quality.readable
        ended = [] if readable else self.tracker.end(finding.rate_hz)
        for beat, sight in zip(finding.beats, seen, strict=True):
            mark = self._mark(finding, beat, sight)
            self.agreement.see(beat.sample_index, sight.qrs)
            take = self.tracker.push if readable else self.tracker.push_unreadable
            ended += take(mark, finding.rate_hz)
        self.broken = not readable
        spans = merged([*ended, *self.tracker.open(finding.rate_hz)], _true(live, finding), noise)
        weak = weak_seconds(finding)
        told = [self._borne_out(span, weak, finding) for span in spans]
        self.weak_to = max((stop for _, stop in weak), default=self.weak_to)
        stop = finding.first_sample + finding.n_samples
        return tuple(
            s for s in told if s.first_sample < stop and s.stop_sample > finding.first_sample
        )

    def _borne_out(
        self, span: RhythmSpan, weak: Sequence[tuple[int, int]], finding: StripFinding
    ) -> RhythmSpan:
        """The span, marked as not verified where the signal does not bear it out.

        A run's beats must look alike; a standstill may not lie where the line itself was upset.

        An electrode that loses the skin for a moment drives the amplifier to its end, and beats
        do not show until it has come back: that is no rest between beats.
        """
        if span.kind not in _STANDSTILLS:
            return replace(span, verified=span.verified and self.agreement.bears_out(span))
        upset = any(first < span.stop_sample and stop > span.first_sample for first, stop in weak)
        sound = finding.quality.is_sound and not upset and self.weak_to <= span.first_sample
        return replace(span, verified=span.verified and sound)

    def _mark(self, finding: StripFinding, beat: Beat, sight: Sight) -> Mark:
        probability, known = beat.abnormal_probability, finding.quality.readable
        broken, self.broken = self.broken and known, self.broken and not known
        mark = Mark(
            beat.sample_index,
            None if broken else sight.rr_s,
            beat.beat_class,
            None if probability is None else probability >= finding.abnormal_from,
            correlation(self.usual.qrs, sight.qrs),
            correlation(self.usual.before, sight.before),
        )
        if known and not is_ventricular(mark, self.tracker.usual_rr_s):
            self.usual.learn(sight.qrs, sight.before)
        return mark

    def _noise(self, finding: StripFinding) -> list[RhythmSpan]:
        """The noisy stretch that the strip belongs to."""
        if finding.quality.readable or not _NOISE & set(finding.quality.reasons):
            self.noise_from = None
            return []
        if self.noise_from is None or self.noise_to != finding.first_sample:
            self.noise_from = finding.first_sample
        self.noise_to = finding.first_sample + finding.n_samples
        span = RhythmSpan(RhythmKind.NOISE, self.noise_from, self.noise_to, 0, None, verified=True)
        return [span]


def weak_seconds(finding: StripFinding) -> list[tuple[int, int]]:
    """First and last sample (exclusive) of each second whose score makes no readable strip."""
    edges = [
        finding.first_sample + round(second * finding.rate_hz)
        for second in range(len(finding.quality.seconds) + 1)
    ]
    scores = finding.quality.seconds
    return [at for at, score in zip(pairwise(edges), scores, strict=True) if score < READABLE_SCORE]


def _true(live: Sequence[RhythmSpan], finding: StripFinding) -> list[RhythmSpan]:
    """The look-out's spans without an asystole in which beats were found after all."""
    beats = [beat.sample_index for beat in finding.beats]
    return [
        span
        for span in live
        if span.kind is not RhythmKind.ASYSTOLE
        or not any(span.first_sample < beat < span.stop_sample for beat in beats)
    ]


def merged(
    ruled: Sequence[RhythmSpan], live: Sequence[RhythmSpan], noise: Sequence[RhythmSpan]
) -> list[RhythmSpan]:
    """All spans in order of their start, none told twice.

    What the look-out saw goes before what the rules found later of the same kind and time, and
    fibrillation before the tachycardia that its waves look like.
    """
    waves = [s for s in live if s.kind is RhythmKind.VENTRICULAR_FIBRILLATION]
    seen = [s for s in live if s in waves or not any(_overlap(s, other) for other in waves)]
    vt = RhythmKind.VENTRICULAR_TACHYCARDIA
    kept = [s for s in ruled if s.kind is not vt or not any(_same(s, other) for other in seen)]
    return latest([*kept, *_longest(seen, kept), *noise])


def _longest(seen: Sequence[RhythmSpan], ruled: Sequence[RhythmSpan]) -> list[RhythmSpan]:
    """An asystole whose end the rules know ends there."""
    known = {(s.kind, s.first_sample): s for s in ruled}
    return [known.get((s.kind, s.first_sample), s) for s in seen]


def _same(span: RhythmSpan, other: RhythmSpan) -> bool:
    return span.kind is other.kind and _overlap(span, other)


def _overlap(span: RhythmSpan, other: RhythmSpan) -> bool:
    return span.first_sample < other.stop_sample and span.stop_sample > other.first_sample
