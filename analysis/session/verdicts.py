"""The beats of strips that are not read yet: each is put to the network once, when complete.

A beat is complete with the next R peak and what its row shows. What the network says is kept until
the strip is told, so that a running strip is judged by its classes without asking again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_VALUES
from analysis.classifier import CLASSES
from analysis.context import Row, row_start, row_stop
from analysis.session.segment import Segment
from core.chunk import INVALID_SAMPLE
from core.ecg import Beat

ROUNDING = 1e-5
"""By how much a softmax in float32 may exceed 1."""


@dataclass(frozen=True, slots=True)
class Model:
    """The classifier in words: its name, and from which probability a beat is abnormal.

    ``fallback`` says why it was asked in the place of the configured one, if it was.
    """

    model_id: str
    abnormal_from: float
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Five probabilities, of CLASSES (analysis.classifier), and who gave them."""

    probabilities: tuple[float, ...]
    by: Model


@dataclass(slots=True)
class Verdicts:
    """``last`` is the latest R peak that was taken; ``asked`` are beats and rows not told yet."""

    last: int = -1
    asked: list[tuple[int, Row]] = field(default_factory=list)
    told: dict[int, Verdict] = field(default_factory=dict)

    @property
    def rows(self) -> npt.NDArray[np.float32]:
        """What is to be classified now, float32[n, BEAT_VALUES]."""
        rows = [row for _, row in self.asked]
        return np.array(rows, dtype=np.float32).reshape(len(rows), BEAT_VALUES)

    def ask(self, segments: Iterable[Segment], stop: int | None = None) -> None:
        """Take the beats that are complete; with ``stop`` those before it, complete or not."""
        for segment in segments:
            for peak, after in pairwise([*segment.peaks, None]):
                if peak is None or peak <= self.last:
                    continue
                if not (_is_complete(segment, peak, after) or (stop is not None and peak < stop)):
                    break
                self._take(segment, peak, after)

    def tell(self, probabilities: npt.NDArray[np.float32], by: Model) -> None:
        """``probabilities`` float32[n, 5] of the n ``rows``. Raises ValueError for another n."""
        for (peak, _), of_classes in zip(self.asked, probabilities, strict=True):
            self.told[peak] = Verdict(tuple(of_classes.tolist()), by)
        self.asked = []

    def of(self, peaks: Iterable[int], known_to: int) -> tuple[Beat, ...]:
        """The beats at ``peaks`` with what was said of them, up to the one at ``known_to``."""
        return tuple(_beat(at, self.told.get(at) if at <= known_to else None) for at in peaks)

    def by(self, peaks: Iterable[int], usual: Model) -> Model:
        """Who judged the beats at ``peaks``: ``usual``, or the last other who judged any."""
        others = [v.by for at in peaks if (v := self.told.get(at)) and v.by != usual]
        return others[-1] if others else usual

    def forget(self, before: int) -> None:
        """Drop what was said of beats before a strip that is read next."""
        self.told = {peak: verdict for peak, verdict in self.told.items() if peak >= before}

    def _take(self, segment: Segment, peak: int, after: int | None) -> None:
        self.last = peak
        row = _row(segment, peak, after)
        if row is not None:
            self.asked.append((peak, row))

    def dump(self) -> dict[str, Any]:
        """The state: numbers, lists and arrays; what is asked must have been told."""
        told = list(self.told.values())
        models = list(dict.fromkeys(verdict.by for verdict in told))
        return {
            "last": self.last,
            "at": list(self.told),
            "by": [models.index(verdict.by) for verdict in told],
            "models": [astuple(model) for model in models],
            "probabilities": np.array([v.probabilities for v in told], dtype=np.float32),
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Verdicts":
        """What ``dump`` described."""
        models = [Model(*words) for words in state["models"]]
        rows = zip(state["at"], state["probabilities"].tolist(), state["by"], strict=True)
        return cls(state["last"], [], {at: Verdict(tuple(p), models[by]) for at, p, by in rows})


def _beat(at: int, verdict: Verdict | None) -> Beat:
    """The beat with what the network says of it; a network may tell P(N) and no more.

    What is no probability is dropped.
    """
    if verdict is None or not 0.0 <= verdict.probabilities[0] <= 1.0 + ROUNDING:
        return Beat(at, None)
    of_classes = verdict.probabilities
    abnormal = round(max(1.0 - of_classes[0], 0.0), 6)
    if not all(map(isfinite, of_classes)):
        return Beat(at, abnormal)
    return Beat(at, abnormal, CLASSES[of_classes.index(max(of_classes))])


def _is_complete(segment: Segment, peak: int, after: int | None) -> bool:
    if not segment.is_open:
        return True
    return after is not None and segment.stop >= row_stop(peak, after, segment.rate_hz)


def _row(segment: Segment, peak: int, after: int | None) -> Row | None:
    """The row of the beat at ``peak`` if it has a successor and no sample is missing."""
    rate_hz, at = segment.rate_hz, peak - segment.start
    following = None if after is None else after - segment.start
    valid = segment.codes != INVALID_SAMPLE
    if following is not None and not valid[at:following].all():
        following = None
    stop = row_stop(at, at if following is None else following, rate_hz)
    if valid[max(row_start(at, rate_hz), 0) : stop].all():
        return segment.context.row(segment.signal, at, following, rate_hz)
    segment.context.skip()
    return None
