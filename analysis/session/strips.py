"""One strip, read: quality, rate, spectrum and beats, with the crops still to be classified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_SAMPLES, PREPROCESSING_VERSION, cut_beat
from analysis.rhythm.session import Sight, sights
from analysis.session.clock import Instant
from analysis.session.segment import Stretch
from analysis.signal.faults import Counts
from analysis.signal.likeness import BeatMemory
from analysis.signal.quality import quality
from analysis.signal.rates import rate
from analysis.signal.seconds import Grid
from analysis.signal.spectrum import spectrum
from core.ecg import Beat, RhythmSpan, StripFinding

PIPELINE_VERSION = f"3+{PREPROCESSING_VERSION[:12]}"
"""Changes whenever the same chunks may give other findings."""


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

    ``crops`` is float32[n, 187]; row i belongs to ``finding.beats[places[i]]``. ``final`` is
    False for a strip at a session's end that later chunks may complete. ``sights`` are what the
    rhythm rules will want of its beats, ``live`` what the look-out saw in it.
    """

    finding: StripFinding
    crops: npt.NDArray[np.float32]
    places: tuple[int, ...]
    leads_off: bool
    final: bool
    sights: tuple[Sight, ...] = ()
    live: tuple[RhythmSpan, ...] = ()


def read_strip(
    place: Place,
    counts: Counts,
    stretches: Sequence[Stretch],
    model: Model,
    memory: BeatMemory,
    live: tuple[RhythmSpan, ...] = (),
    *,
    final: bool,
) -> Draft:
    """All that can be said of a strip before its beats are classified.

    An unreadable strip has beats, so that nobody is told there were none, but no rate, no
    spectrum and nothing to classify. ``memory`` is of the strips before, and learns this one.
    """
    seen = quality(stretches, counts, Grid(place.first_sample, place.rate_hz), memory)
    beats = [(s.start + peak, crop) for s in stretches for peak, crop in _beats(s)]
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
    stacked = np.array(crops, dtype=np.float32).reshape(len(crops), BEAT_SAMPLES)
    leads_off = 2 * counts.lead_off > counts.n_samples
    seen_beats = sights(stretches)
    return Draft(finding, stacked, tuple(places), leads_off, final, seen_beats, live)


def classified(
    draft: Draft, probabilities: npt.NDArray[np.float32], by: Model | None = None
) -> StripFinding:
    """The finding with float32[n] probabilities of its crops; one that is no number is dropped.

    ``by`` is who gave them, if not who was expected to.
    """
    beats = list(draft.finding.beats)
    for i, probability in zip(draft.places, probabilities.tolist(), strict=True):
        if 0.0 <= probability <= 1.0:
            beats[i] = replace(beats[i], abnormal_probability=round(probability, 6))
    finding = replace(draft.finding, beats=tuple(beats))
    if by is None or not draft.places:
        return finding
    return replace(
        finding, model_id=by.model_id, abnormal_from=by.abnormal_from, fallback=by.fallback
    )


def _beats(stretch: Stretch) -> Iterator[tuple[int, npt.NDArray[np.float32] | None]]:
    """Each R peak's position, and its crop if it has a successor and no sample is missing."""
    following = [*stretch.peaks[1:], *([] if stretch.after is None else [stretch.after])]
    for i, peak in enumerate(stretch.peaks):
        if i == len(following) or not stretch.valid[peak : following[i]].all():
            yield peak, None
        else:
            yield peak, cut_beat(stretch.signal, peak, following[i], stretch.rate_hz)
