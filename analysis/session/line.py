"""What has come of a session and is still needed: its signal in segments, counts, times.

A strip is due once the first R peak after it is found and its last beat is complete; if none comes,
LOOKAHEAD_S after its end and once the detector has settled all that lies before; or once the
signal has broken off.
"""

import numpy as np

from analysis.context import row_stop
from analysis.rhythm.watch import Watch
from analysis.session.clock import Clock, Instant
from analysis.session.reception import Tally, count_in, is_usable, usable_codes
from analysis.session.segment import CONTEXT_S, Codes, Segment
from analysis.session.strips import Reading
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody
from core.ecg import SAMPLES_PER_STRIP

LOOKAHEAD_S = 8.0
"""How long the last beat of a strip is given to find its successor."""
KEPT_BEFORE_S = 1.5
KEPT_RR_S = 4.0
"""How much signal before an unread strip is kept: for a first beat's window, and first RR."""


class Line:
    """``position`` is the sample index after the last one; ``tallies`` are of unread strips.

    ``segments`` are unbroken runs of signal, the last one perhaps open; ``watch`` follows it.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.position = 0
        self.tallies: dict[int, Tally] = {}
        self.segments: list[Segment] = []
        self.watch = Watch()

    @property
    def first_unread(self) -> int:
        """The strip that will be read next."""
        return min(self.tallies, default=self.position // SAMPLES_PER_STRIP)

    @property
    def end(self) -> Instant:
        """When its last sample was taken."""
        return self.clock.at(self.position, self.clock.rate_centihz)

    def takes(self, body: ChunkBody) -> bool:
        """Whether the chunk's samples have a place after those that came, at a usable rate."""
        return body.sample_index >= self.position and is_usable(body)

    def take(self, body: ChunkBody, received_us: int) -> None:
        """Append the samples of a chunk that it takes; what does not follow on breaks off first."""
        codes = usable_codes(body)
        last = self.segments[-1] if self.segments else None
        form = (body.rate_centihz, body.nv_per_lsb)
        if body.sample_index != self.position or (
            last is not None and form != (last.rate_centihz, last.nv_per_lsb)
        ):
            self.break_off()
        jumped = body.sample_index == self.position and self.clock.jumps(body)
        self.clock.see(body, received_us)
        count_in(self.tallies, body, codes, jumped=jumped)
        self.position = body.sample_index + body.n_valid
        self._extend(body, codes)
        if body.n_valid < SAMPLES_PER_CHUNK:
            self.break_off()

    def _extend(self, body: ChunkBody, codes: Codes) -> None:
        """Append to the open segment, or begin one at the first sample that has a value."""
        valid = np.flatnonzero(codes != INVALID_SAMPLE)
        if valid.size == 0:
            # Leads off for a whole chunk: when they are back, the baseline is another one.
            self.break_off()
            return
        if not (self.segments and self.segments[-1].is_open):
            start = body.sample_index + int(valid[0])
            self.segments.append(Segment(start, body.rate_centihz, body.nv_per_lsb))
            codes = codes[valid[0] :]
        self.segments[-1].push(codes)
        self.watch.see(self.segments[-1])

    def break_off(self) -> None:
        """The signal ends here: what comes next is another segment."""
        if self.segments:
            self.segments[-1].finish()
        self.watch.lose()

    def is_due(self, stop: int) -> bool:
        """Whether all is known that will be known of the strip that ends before ``stop``."""
        segment = self.segments[-1] if self.segments else None
        if self.position < stop:
            return False
        if segment is None or not segment.is_open or segment.origin >= stop:
            return True
        if segment.stop >= stop + LOOKAHEAD_S * segment.rate_hz and segment.settled >= stop:
            return True
        after = next((peak for peak in segment.peaks if peak >= stop), None)
        if after is None:
            return False
        last = max((peak for peak in segment.peaks if peak < stop), default=after)
        return segment.stop >= row_stop(last, after, segment.rate_hz)

    def read(self, tally: Tally) -> Reading:
        """As much of a strip as has come."""
        first = tally.first_sample
        n_samples = min(SAMPLES_PER_STRIP, self.position - first)
        found = [s.stretch(first, first + SAMPLES_PER_STRIP) for s in self.segments]
        return Reading(
            tally.place(self.clock),
            tally.counts(n_samples),
            tuple(stretch for stretch in found if stretch is not None),
            self.watch.spans(first, first + n_samples),
        )

    def forget(self, strip_index: int) -> None:
        """A strip was read, and all before: drop the signal that no later one needs."""
        del self.tallies[strip_index]
        first_unread = (strip_index + 1) * SAMPLES_PER_STRIP
        self.watch.forget(first_unread)
        for segment in self.segments:
            earlier = [peak for peak in segment.peaks if peak < first_unread]
            before = first_unread - round(KEPT_BEFORE_S * segment.rate_hz)
            if earlier:
                before = min(before, earlier[-1])
            before = max(before, first_unread - round(KEPT_RR_S * segment.rate_hz))
            context = first_unread + SAMPLES_PER_STRIP - round(CONTEXT_S * segment.rate_hz)
            segment.drop(min(before, context - round(KEPT_BEFORE_S * segment.rate_hz)))
        self.segments = [s for s in self.segments if s.is_open or s.stop > first_unread]
