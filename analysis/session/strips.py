"""One strip, read: quality, rate, spectrum and beats, with the crops still to be classified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_VALUES, PREPROCESSING_VERSION
from analysis.classifier import CLASSES
from analysis.context import Context, row_start, row_stop
from analysis.rhythm.session import Sight, sights
from analysis.session.clock import Instant
from analysis.session.measure import Trace
from analysis.session.segment import Stretch
from analysis.signal.faults import Counts
from analysis.signal.likeness import BeatMemory
from analysis.signal.quality import quality
from analysis.signal.rates import rate
from analysis.signal.seconds import Grid
from analysis.signal.spectrum import spectrum
from core.ecg import Beat, RhythmSpan, StripFinding

PIPELINE_VERSION = f"5+{PREPROCESSING_VERSION[:12]}"
"""Changes whenever the same chunks may give other findings."""
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
class Place:
    """Where and when a strip lies in its session."""

    strip_index: int
    first_sample: int
    started: Instant
    rate_hz: float


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A strip's finding without probabilities, and its beats as the network will see them.

    ``crops`` is float32[n, BEAT_VALUES]; row i belongs to ``finding.beats[places[i]]``. ``final``
    is False for a strip at a session's end that later chunks may complete. ``sights`` are what the
    rhythm rules will want of its beats, ``live`` what the look-out saw in it. ``trace`` is what its
    intervals are measured in, where they are due.
    """

    finding: StripFinding
    crops: npt.NDArray[np.float32]
    places: tuple[int, ...]
    leads_off: bool
    final: bool
    sights: tuple[Sight, ...] = ()
    live: tuple[RhythmSpan, ...] = ()
    trace: Trace | None = None


def read_strip(
    place: Place,
    counts: Counts,
    parts: Sequence[tuple[Stretch, Context]],
    model: Model,
    memory: BeatMemory,
    live: tuple[RhythmSpan, ...] = (),
    *,
    final: bool,
) -> Draft:
    """All that can be said of a strip before its beats are classified.

    An unreadable strip has beats, so that nobody is told there were none, but no rate, no
    spectrum and nothing to classify. The contexts of ``parts`` take its beats all the same, and
    ``memory``, which is of the strips before, learns this one.
    """
    stretches = [stretch for stretch, _ in parts]
    seen = quality(stretches, counts, Grid(place.first_sample, place.rate_hz), memory)
    beats = [(s.start + peak, crop) for s, context in parts for peak, crop in _beats(s, context)]
    places = [i for i, (_, crop) in enumerate(beats) if crop is not None and seen.readable]
    crops = [crop for _, crop in beats if crop is not None and seen.readable]
    finding = StripFinding(
        strip_index=place.strip_index,
        first_sample=place.first_sample,
        n_samples=counts.n_samples,
        n_missing=counts.missing,
        started_at=place.started.moment,
        clock_synced=place.started.synced,
        rate_hz=place.rate_hz,
        quality=seen,
        rate=rate(stretches) if seen.readable else None,
        spectrum=spectrum(stretches) if seen.readable else None,
        beats=tuple(Beat(index, None) for index, _ in beats),
        model_id=model.model_id,
        pipeline_version=PIPELINE_VERSION,
        abnormal_from=model.abnormal_from,
    )
    stacked = np.array(crops, dtype=np.float32).reshape(len(crops), BEAT_VALUES)
    leads_off = 2 * counts.lead_off > counts.n_samples
    seen_beats = sights(stretches)
    return Draft(finding, stacked, tuple(places), leads_off, final, seen_beats, live)


def classified(
    draft: Draft, probabilities: npt.NDArray[np.float32], by: Model | None = None
) -> StripFinding:
    """The finding with float32[n, 5] probabilities of its crops; what is no number is dropped.

    ``by`` is who gave them, if not who was expected to.
    """
    beats = list(draft.finding.beats)
    for i, of_classes in zip(draft.places, probabilities, strict=True):
        beats[i] = _told(beats[i], of_classes)
    finding = replace(draft.finding, beats=tuple(beats))
    if by is None or not draft.places:
        return finding
    return replace(
        finding, model_id=by.model_id, abnormal_from=by.abnormal_from, fallback=by.fallback
    )


def _told(beat: Beat, of_classes: npt.NDArray[np.float32]) -> Beat:
    """The beat with what the network says of it; a network may tell P(N) and no more."""
    if not 0.0 <= of_classes[0] <= 1.0 + ROUNDING:
        return beat
    abnormal = max(1.0 - float(of_classes[0]), 0.0)
    beat_class = CLASSES[int(of_classes.argmax())] if np.isfinite(of_classes).all() else None
    return replace(beat, abnormal_probability=round(abnormal, 6), beat_class=beat_class)


def _beats(
    stretch: Stretch, context: Context
) -> Iterator[tuple[int, npt.NDArray[np.float32] | None]]:
    """Each R peak's position, and its row if it has a successor and no sample is missing."""
    following = [*stretch.peaks[1:], *([] if stretch.after is None else [stretch.after])]
    for i, peak in enumerate(stretch.peaks):
        after = following[i] if i < len(following) else None
        if after is not None and not stretch.valid[peak:after].all():
            after = None
        stop = row_stop(peak, peak if after is None else after, stretch.rate_hz)
        if stretch.valid[max(row_start(peak, stretch.rate_hz), 0) : stop].all():
            yield peak, context.row(stretch.signal, peak, after, stretch.rate_hz)
        else:
            context.skip()
            yield peak, None
