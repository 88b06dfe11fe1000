"""The rhythms that the service tells of a recording, and when, chunk by chunk.

One stream, two opinions on the class of each beat: the network's, as served, and the reference's,
which shows what the rules and the look-out are worth by themselves.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.classifier import Classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from core.ecg import Beat, BeatClass, RhythmKind, RhythmSpan, StripFinding
from model.ec57 import match_beats
from model.evaluation.replay import chunks
from model.rhythm_reference import RhythmReference, Seconds

RATE_HZ = 125.0


@dataclass(frozen=True, slots=True)
class Told:
    """A span as last told, and when it was told first (seconds of signal received by then)."""

    span: RhythmSpan
    told_s: float

    @property
    def seconds(self) -> Seconds:
        """From and to, in seconds from the record's start."""
        return self.span.first_sample / RATE_HZ, self.span.stop_sample / RATE_HZ


class Labelled(SessionPipeline):
    """The pipeline that is served, with the reference's classes in place of the network's.

    ``follow`` takes the strips that another one has read, so that they are read once.
    """

    def __init__(self, reference: RhythmReference) -> None:
        super().__init__(Model("reference", 0.5))
        self.reference = reference

    def follow(self, other: SessionPipeline) -> "Labelled":
        """Take what ``other`` has read and not resolved yet."""
        self._drafts = list(other._drafts)
        self.verdicts = copy.deepcopy(other.verdicts)
        return self

    def _judged(self, peaks: Sequence[int], known_to: int) -> tuple[Beat, ...]:
        found_s = np.array(peaks, dtype=np.float64) / RATE_HZ
        first, stop = np.searchsorted(
            self.reference.beats_s, (found_s.min(initial=0) - 1, found_s.max(initial=0) + 1)
        )
        classes: dict[int, BeatClass] = {
            j: self.reference.classes[first + i]
            for i, j in match_beats(self.reference.beats_s[first:stop], found_s)
        }
        return tuple(
            Beat(
                beat.sample_index,
                None if beat.abnormal_probability is None else 1.0,
                classes.get(i),
            )
            for i, beat in enumerate(super()._judged(peaks, known_to))
        )


@dataclass(frozen=True, slots=True)
class Opinions:
    """All spans told of a recording: with the ``reference``'s classes, and the ``network``'s."""

    reference: list[Told]
    network: list[Told]


class _Telling:
    """What one pipeline has told so far: of each strip the last word, of each span the first time.

    What a strip said while it still ran, and took back when it was complete, was not found.
    """

    def __init__(self) -> None:
        self._strips: dict[int, tuple[RhythmSpan, ...]] = {}
        self._first_s: dict[tuple[RhythmKind, int], float] = {}

    def take(self, findings: Iterable[StripFinding], at_s: float) -> None:
        for finding in findings:
            self._strips[finding.strip_index] = finding.rhythm
            for span in finding.rhythm:
                self._first_s.setdefault((span.kind, span.first_sample), at_s)

    def all(self) -> list[Told]:
        spans = {
            (span.kind, span.first_sample): span
            for _, told in sorted(self._strips.items())
            for span in told
        }
        return [Told(span, self._first_s[key]) for key, span in spans.items()]


def tell(
    signal_mv: npt.NDArray[np.float64], reference: RhythmReference, classifier: Classifier
) -> Opinions:
    """Stream float64[n] in mV at RATE_HZ as it is served, each chunk by itself."""
    served = SessionPipeline(Model(classifier.model_id, classifier.threshold))
    labelled = Labelled(reference)
    by_network, by_reference = _Telling(), _Telling()

    def settle(source: SessionPipeline, other: Labelled, at_s: float) -> None:
        told = classifier.predict(source.crops)
        by_reference.take(other.follow(source).resolve(told).findings, at_s)
        by_network.take(source.resolve(told).findings, at_s)

    for seq, body in enumerate(chunks(signal_mv, RATE_HZ)):
        served.push(seq, body, body.t0_us)
        settle(served, labelled, (body.sample_index + body.n_valid) / RATE_HZ)
    settle(served.ended(), labelled, len(signal_mv) / RATE_HZ)
    return Opinions(by_reference.all(), by_network.all())
