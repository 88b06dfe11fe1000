"""The look-out: fibrillation, ventricular tachycardia and asystole, seen on the signal itself.

It follows the newest samples, chunk by chunk, and does not wait for the network, which needs the
next R peak. Quality never silences it: what a poor signal shows is told
as not verified.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analysis.rhythm.rates import PAUSE_S
from analysis.rhythm.usual import SHARE
from analysis.rhythm.waves import WINDOW_S, Waves, waves
from analysis.rhythm.wide import AFTER_S, Wide
from analysis.session.segment import Segment
from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmKind, RhythmSpan

HOP_S = 1.0
SILENT_S = 4.0
"""No beat for 4 s is asystole (CinC 2015 challenge)."""
HITS = 2
"""So many windows in a row show fibrillation before it is told."""
CLEAN_LEAKAGE, CLEAN_MV = 0.40, 0.2
"""What is verified: waves as regular and as high as this."""
ALIVE_MV = 0.01
"""A line with less movement comes from no skin: asystole, but not verified."""
MIN_MEASURED = 0.9
MOST = 256
"""Spans kept at most; only those that overlap an unread strip are needed."""


@dataclass(slots=True)
class Watch:
    """Progress (``seen_to``, ``peak``: sample indices), and what is open."""

    rate_hz: float = 125.0
    origin: int = -1
    seen_to: int = 0
    peak: int = -1
    tail: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    usual_steep_mv: float | None = None
    hits: int = 0
    misses: int = 0
    fibrillation: RhythmSpan | None = None
    asystole: RhythmSpan | None = None
    wide: Wide = field(default_factory=Wide)
    ended: list[RhythmSpan] = field(default_factory=list)
    news: bool = False

    def see(self, segment: Segment) -> None:
        """Take what is new in the open segment; ``news`` says that something began, or may have."""
        if segment.origin != self.origin:
            self.lose()
            self.origin = self.seen_to = segment.origin
        self.rate_hz = segment.rate_hz
        before = self._known()
        asks = self._peaks(segment)
        self._hops(segment)
        self.news = asks or bool(self._known() - before)

    def lose(self) -> None:
        """The signal breaks off: what is open ends with it."""
        self.news = False
        self._end(self.fibrillation, self.asystole, *self.wide.end(self.rate_hz))
        self.fibrillation = self.asystole = None
        self.wide.last = None
        self.wide.before = self.tail = np.empty(0)
        self.hits, self.misses, self.peak, self.origin = 0, 0, -1, -1

    def spans(self, first: int, stop: int) -> tuple[RhythmSpan, ...]:
        """What overlaps the samples [``first``, ``stop``)."""
        every = [*self.ended, *self._open()]
        return tuple(s for s in every if s.first_sample < stop and s.stop_sample > first)

    def forget(self, before: int) -> None:
        """Drop what ended before ``before``."""
        self.ended = [span for span in self.ended if span.stop_sample > before][-MOST:]

    def _known(self) -> set[tuple[RhythmKind, int]]:
        return {(span.kind, span.first_sample) for span in (*self._open(), *self.ended)}

    def _open(self) -> list[RhythmSpan]:
        signs = [span for span in (self.fibrillation, self.asystole) if span is not None]
        return [*signs, *self.wide.open(self.rate_hz)]

    def _end(self, *spans: RhythmSpan | None) -> None:
        self.ended += [span for span in spans if span is not None]

    def _peaks(self, segment: Segment) -> bool:
        """Take the new beats; whether the strip should be told at once."""
        asks = False
        reach = segment.stop - round(AFTER_S * segment.rate_hz)
        for peak in segment.peaks:
            if not max(self.peak, segment.start - 1) < peak <= reach:
                continue
            self._silence(segment, self.peak, peak)
            # The strip's end may be 10 s away, and a pause is told by then.
            asks |= self.peak >= segment.start and peak - self.peak >= PAUSE_S * segment.rate_hz
            self.peak = peak
            at = peak - segment.start
            self.ended += self.wide.push(segment.signal, at, peak, segment.rate_hz)
        return asks

    def _silence(self, segment: Segment, before: int, peak: int) -> None:
        """An asystole that the beat at ``peak`` ends, whether it was seen or was too short.

        What a beat that was found late leaves of one may be no asystole.
        """
        if self.asystole is not None:
            if peak - self.asystole.first_sample >= SILENT_S * segment.rate_hz:
                self._end(replace(self.asystole, stop_sample=peak))
            self.asystole = None
        elif before >= segment.start and peak - before >= SILENT_S * segment.rate_hz:
            codes = segment.codes[before - segment.start : peak - segment.start]
            if (codes != INVALID_SAMPLE).all():
                self._end(RhythmSpan(RhythmKind.ASYSTOLE, before, peak, 0, None, verified=True))

    def _hops(self, segment: Segment) -> None:
        fresh = self.seen_to - segment.start
        signal = np.concatenate((self.tail, segment.signal[fresh:]))
        measured = segment.codes != INVALID_SAMPLE
        start = self.seen_to - len(self.tail)
        size = round(WINDOW_S * segment.rate_hz)
        hop = round(HOP_S * segment.rate_hz)
        first = self.seen_to + hop - (self.seen_to - self.origin) % hop
        for end in range(first, segment.stop + 1, hop):
            if end - start >= size and end - self.origin >= size:
                part = slice(max(end - size - segment.start, 0), end - segment.start)
                if measured[part].mean() >= MIN_MEASURED:
                    seen = waves(signal[end - size - start : end - start], segment.rate_hz)
                    self._judge(seen, end, segment)
        self.tail, self.seen_to = signal[-size:], segment.stop

    def _judge(self, seen: Waves, end: int, segment: Segment) -> None:
        first = end - round(WINDOW_S * segment.rate_hz)
        self._judge_waves(seen, first, end)
        recent = sum(first <= peak < end for peak in segment.peaks)
        last = max((peak for peak in segment.peaks if peak < end), default=self.origin)
        silent = end - last >= SILENT_S * segment.rate_hz
        if silent and seen.is_still(self.usual_steep_mv):
            verified = self.usual_steep_mv is not None and seen.peak_mv >= ALIVE_MV
            begun = last if self.asystole is None else self.asystole.first_sample
            self.asystole = RhythmSpan(RhythmKind.ASYSTOLE, begun, end, 0, None, verified)
        elif self.asystole is not None:
            self._end(self.asystole)
            self.asystole = None
        if recent >= HITS and self.fibrillation is None:
            usual = self.usual_steep_mv or seen.steep_mv
            self.usual_steep_mv = usual + SHARE * (seen.steep_mv - usual)

    def _judge_waves(self, seen: Waves, first: int, end: int) -> None:
        going_on = self.fibrillation is not None
        if seen.is_fibrillation(stays=going_on):
            self.hits, self.misses = self.hits + 1, 0
            clean = seen.leakage < CLEAN_LEAKAGE and seen.peak_mv >= CLEAN_MV
            if self.fibrillation is not None:
                verified = self.fibrillation.verified or clean
                self.fibrillation = replace(self.fibrillation, stop_sample=end, verified=verified)
            elif self.hits >= HITS:
                back = end - first + (self.hits - 1) * (end - first) // round(WINDOW_S / HOP_S)
                self.fibrillation = RhythmSpan(
                    RhythmKind.VENTRICULAR_FIBRILLATION, end - back, end, 0, None, clean
                )
            return
        self.hits, self.misses = 0, self.misses + 1
        if self.fibrillation is not None and self.misses >= HITS:
            self._end(self.fibrillation)
            self.fibrillation = None
