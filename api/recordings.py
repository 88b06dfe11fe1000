"""A report's session as one recording: the wearer's strips, and what their chunks hold."""

from dataclasses import replace

import numpy as np

from api.results import Result, in_files
from api.samples import Scale, fill
from api.strips import session_opener
from core import ecg
from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmKind, RhythmSpan, StripFinding
from core.errors import Conflict, NotFound, TooCostly
from core.keyring import KeyRing
from export.recording import BeatClass, Recording
from store import excerpts
from store.database import Transaction

LONGEST_S = 86_400 + 60
"""A day, and what a device needs to begin a new session."""
PAGE = 256
_BEFORE_ALL = -1


class _Strips:
    """What is kept of the findings: spans of samples, and beats."""

    def __init__(self, first: StripFinding) -> None:
        self.first = first
        self.spans: list[tuple[int, int]] = []
        self.beats: list[int] = []
        self.classes: list[BeatClass] = []
        self._rhythm: dict[tuple[RhythmKind, int], RhythmSpan] = {}

    def take(self, finding: StripFinding) -> None:
        """Raises Conflict for another rate, TooCostly for more than a day."""
        if finding.rate_hz != self.first.rate_hz:
            raise Conflict("the sampling rate changes within this recording")
        begin, end = finding.first_sample, finding.first_sample + finding.n_samples
        if end - self.first.first_sample > LONGEST_S * finding.rate_hz:
            raise TooCostly("a recording of more than 24 h is not made into one file")
        if self.spans and self.spans[-1][1] == begin:
            begin = self.spans.pop()[0]
        self.spans.append((begin, end))
        for beat in finding.beats:
            self.beats.append(beat.sample_index - self.first.first_sample)
            self.classes.append(beat_class(beat, finding))
        # An episode is told again by each strip that it overlaps: the last one knows its end.
        self._rhythm |= {(span.kind, span.first_sample): span for span in finding.rhythm}

    def rhythm(self) -> tuple[RhythmSpan, ...]:
        """The episodes by their start, on the recording's samples, cut off at its ends."""
        start, stop = self.first.first_sample, self.spans[-1][1]
        cut = (
            replace(
                span,
                first_sample=max(span.first_sample, start) - start,
                stop_sample=min(span.stop_sample, stop) - start,
            )
            for span in self._rhythm.values()
        )
        return tuple(sorted(cut, key=lambda span: (span.first_sample, span.kind)))


_CLASSES = {
    ecg.BeatClass.NORMAL: BeatClass.NORMAL,
    ecg.BeatClass.SUPRAVENTRICULAR: BeatClass.SUPRAVENTRICULAR,
    ecg.BeatClass.VENTRICULAR: BeatClass.VENTRICULAR,
    ecg.BeatClass.FUSION: BeatClass.FUSION,
    ecg.BeatClass.UNKNOWN: BeatClass.UNKNOWN,
}


def beat_class(beat: ecg.Beat, finding: StripFinding) -> BeatClass:
    """What a beat of ``finding`` counts as in a file."""
    if beat.beat_class is not None:
        return _CLASSES[beat.beat_class]
    if beat.abnormal_probability is None:
        return BeatClass.UNCLASSIFIED
    return BeatClass.NORMAL if finding.is_normal(beat) else BeatClass.ABNORMAL


async def recording(tx: Transaction, keyring: KeyRing, result: Result) -> Recording:
    """All that was published of the wearer's session. Raises NotFound, Conflict, TooCostly."""
    strips = await _strips(tx, result)
    start = strips.first.first_sample
    opener = await session_opener(tx, keyring, result.session)
    codes = np.full(strips.spans[-1][1] - start, INVALID_SAMPLE, np.int16)
    scale = Scale()
    for begin, end in strips.spans:
        await fill(opener, codes[begin - start : end - start], begin, scale)
    if not scale.nv_per_lsb:
        raise NotFound("none of the recording's chunks is here")
    order = np.argsort(np.array(strips.beats, np.int64), kind="stable")
    return Recording(
        device_id=result.session.device_id,
        session_id=result.session.session_id,
        started_at=strips.first.started_at,
        rate_hz=strips.first.rate_hz,
        nv_per_lsb=scale.nv_per_lsb,
        codes=codes,
        beats=np.array(strips.beats, np.int64)[order],
        classes=np.array(strips.classes, np.uint8)[order],
        person=in_files(result.patient),
        rhythm=strips.rhythm(),
    )


async def _strips(tx: Transaction, result: Result) -> _Strips:
    found: _Strips | None = None
    after = _BEFORE_ALL
    while True:
        page = await excerpts.page(tx, result.session.row, result.patient_id, after, PAGE)
        for finding in page:
            found = found or _Strips(finding)
            found.take(finding)
        if len(page) < PAGE:
            break
        after = page[-1].strip_index
    if found is None:
        raise NotFound("nothing is published of this recording")
    return found
