"""A score for every sample of a strip, and from these for every second of it.

Within a beat's window the score is the beat's likeness. Between beats it is what the likeness of
a beat would be if noise as strong as the movement there lay on it: sqrt(S / (S + N)), with S the
power of the patient's beat. So a quiet line between beats, or after the last one, is no noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.session.segment import Stretch
from analysis.signal.faults import LEAST_S, MAX_SATURATED, Counts, is_flat
from analysis.signal.likeness import Beats, windows

Floats = npt.NDArray[np.float64]

LEAST_QUIET_S = 0.08
"""Less than this between two windows is too short to tell noise by."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a strip lies on its session's sample index, and at what rate its seconds pass."""

    first_sample: int
    rate_hz: float


def borders(n_samples: int, rate_hz: float) -> list[int]:
    """Where the strip's seconds begin, the last one cut short, and its end."""
    starts = [round(second * rate_hz) for second in range(int(n_samples / rate_hz) + 1)]
    return [*(start for start in starts if start < n_samples), n_samples]


def score_samples(
    stretches: Sequence[Stretch], beats: Beats, power_mv2: float, counts: Counts, at: Grid
) -> Floats:
    """Scores from 0 to 1, float64[n_samples], 0 where no sample was measured.

    ``power_mv2`` is the power of the patient's beat, 0 if it is not known.
    """
    scores = np.zeros(counts.n_samples)
    if power_mv2 == 0:
        return scores
    edges = borders(counts.n_samples, at.rate_hz)
    for stretch in stretches:
        covered = _by_beats(stretch, beats)
        offset = at.first_sample - stretch.start
        for second, (begin, end) in enumerate(pairwise(edges)):
            part = slice(max(begin + offset, stretch.low), min(end + offset, stretch.high))
            if part.start < part.stop and not _at_rail(counts, second, end - begin):
                filled = _score_second(stretch, covered, part, power_mv2)
                scores[part.start - offset : part.stop - offset] = filled
    return scores


def _at_rail(counts: Counts, second: int, n_samples: int) -> bool:
    at_rail = counts.saturated[second] if second < len(counts.saturated) else 0
    return at_rail > MAX_SATURATED * n_samples


def _by_beats(stretch: Stretch, beats: Beats) -> Floats:
    """The mean likeness of the beats over each sample of the stretch's signal.

    NaN under none; infinite under a beat that was not compared: cut by a gap, or of another strip.
    """
    total, count = np.zeros(len(stretch.signal)), np.zeros(len(stretch.signal))
    for (where, first, stop), likeness in zip(beats.spans, beats.likeness, strict=True):
        if where is stretch:
            total[first:stop] += likeness
            count[first:stop] += 1
    scores = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    after = () if stretch.after is None else (stretch.after,)
    for first, stop in windows(stretch, (*stretch.earlier[-1:], *stretch.peaks, *after)):
        part = scores[max(first, 0) : max(stop, 0)]
        part[np.isnan(part)] = np.inf
    return scores


def _score_second(stretch: Stretch, covered: Floats, part: slice, power_mv2: float) -> Floats:
    """The scores of ``part`` of the signal, at most a second."""
    half = round(LEAST_S / 2 * stretch.rate_hz)
    middle = (part.start + part.stop) // 2
    first, stop = max(middle - half, stretch.low), min(middle + half, stretch.high)
    valid = stretch.valid[part]
    if stop - first >= half and is_flat(stretch, first, stop):
        return np.zeros(len(valid))
    scores = covered[part].copy()
    between = np.isnan(scores) & valid
    scores[between] = _quiet(stretch.signal[part][between], stretch.rate_hz, power_mv2)
    own = valid & np.isfinite(scores)
    scores[np.isinf(scores)] = scores[own].mean() if own.any() else 1.0
    return np.where(valid & np.isfinite(scores), scores, 0.0)


def _quiet(samples_mv: Floats, rate_hz: float, power_mv2: float) -> float:
    """How alike a beat would look with noise like these samples on it."""
    if samples_mv.size < LEAST_QUIET_S * rate_hz:
        return 1.0
    return float(np.sqrt(power_mv2 / (power_mv2 + samples_mv.var())))
