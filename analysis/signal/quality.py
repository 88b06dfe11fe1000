"""Signal quality of a strip: how alike its beats look, after hard technical checks.

The score is the mean correlation of each beat with its like among the strip's beats
(template matching, Orphanidou 2015, doi:10.1109/JBHI.2014.2338351), times the measured share.
Each beat is compared with the beats nearest to it in shape, not with one template, and no rule
looks at the heart rate: either would call an arrhythmia noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.session.segment import Stretch
from analysis.signal.filters import HIGH_HZ
from core.ecg import Quality, RefusalReason

BEFORE_S, AFTER_S = 0.25, 0.40
"""The window around an R peak that is compared: P wave to the T wave's peak."""
LIKES = 2
"""With how many of its nearest a beat is compared: an ectopic beat often has a like."""
MIN_BEATS = 3
READABLE_SCORE = 0.70
MIN_MEASURED = 0.5
MAX_SATURATED = 0.05
MAX_ABOVE_BAND = 0.8
"""Share of the power that may lie above the pass band; a heartbeat has a few per cent there."""
QRS_FROM_HZ = 5.0
MIN_QRS_BAND = 0.001
"""Share of the power that must lie above 5 Hz; 5 % is the least in half of the MIT-BIH records."""
LEAST_S = 2.0
"""What is shorter is judged neither flat nor hum: it may lie between two beats of a slow heart."""
FLAT_MV = 0.02
FLAT_LSB = 4
"""A strip that moves less than both is flat: far below any QRS complex on the skin."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples of a strip: its length, and how many were received, saturated or without leads."""

    n_samples: int
    received: int
    lead_off: int
    saturated: int

    @property
    def missing(self) -> int:
        """Samples without a value."""
        return self.n_samples - self.received + self.lead_off


def quality(stretches: Sequence[Stretch], counts: Counts) -> Quality:
    """Score, verdict and reasons. A readable strip may have reasons too: parts are missing."""
    faults = _faults(stretches, counts)
    measured = 1 - counts.missing / counts.n_samples
    windows = [] if faults else _windows(stretches)
    score = max(_likeness(windows), 0.0) * measured
    enough = measured >= MIN_MEASURED
    if enough and not faults and score < READABLE_SCORE * measured:
        few = len(windows) < MIN_BEATS
        faults = [RefusalReason.FEW_BEATS if few else RefusalReason.NOISE]
    return Quality(round(score, 6), enough and not faults, (*_losses(counts), *faults))


def _losses(counts: Counts) -> list[RefusalReason]:
    lead_off = [RefusalReason.LEAD_OFF] if counts.lead_off else []
    return lead_off + ([RefusalReason.GAP] if counts.received < counts.n_samples else [])


def _faults(stretches: Sequence[Stretch], counts: Counts) -> list[RefusalReason]:
    if counts.saturated > MAX_SATURATED * counts.n_samples:
        return [RefusalReason.SATURATED]
    long = [s for s in stretches if s.high - s.low >= LEAST_S * s.rate_hz]
    if long and all(map(_is_flat, long)):
        return [RefusalReason.FLAT]
    return [RefusalReason.NOISE] if long and all(map(_is_hum, long)) else []


def _is_flat(stretch: Stretch) -> bool:
    part = slice(stretch.low, stretch.high)
    samples = stretch.signal[part][stretch.valid[part]]
    movement = float(np.ptp(samples)) if samples.size else 0.0
    return movement < max(FLAT_MV, FLAT_LSB * stretch.lsb_mv)


def _is_hum(stretch: Stretch) -> bool:
    """Whether mains hum or breathing is all there is: they repeat better than any heart."""
    samples = stretch.signal[stretch.low : stretch.high]
    power = np.abs(np.fft.rfft(samples)[1:]) ** 2
    qrs, above = (round(hz * len(samples) / stretch.rate_hz) for hz in (QRS_FROM_HZ, HIGH_HZ))
    total = float(power.sum())
    return bool(
        power[above:].sum() > MAX_ABOVE_BAND * total or power[qrs:].sum() < MIN_QRS_BAND * total
    )


def _likeness(windows: Sequence[npt.NDArray[np.float64]]) -> float:
    """Mean correlation of the beats with their LIKES nearest, 0 with fewer than MIN_BEATS."""
    if len(windows) < MIN_BEATS:
        return 0.0
    beats = np.array(windows)
    beats -= beats.mean(axis=1, keepdims=True)
    length = np.sqrt((beats * beats).sum(axis=1, keepdims=True))
    beats /= np.maximum(length, 1e-12)
    # einsum without BLAS: its sums do not depend on how the memory happens to lie.
    alike = np.einsum("ik,jk->ij", beats, beats, optimize=False)
    np.fill_diagonal(alike, -1.0)
    return float(np.sort(alike, axis=1)[:, -LIKES:].mean())


def _windows(stretches: Sequence[Stretch]) -> list[npt.NDArray[np.float64]]:
    """The strip's beats; where they are too few, the nearest beats before them too."""
    rate_hz = stretches[0].rate_hz if stretches else 0.0
    alike = [stretch for stretch in stretches if stretch.rate_hz == rate_hz]
    windows = [w for stretch in alike for w in _cut(stretch, stretch.peaks)]
    if windows and len(windows) < MIN_BEATS:
        earlier = [w for stretch in alike[:1] for w in _cut(stretch, stretch.earlier)]
        windows = earlier[len(windows) - MIN_BEATS :] + windows
    return windows


def _cut(stretch: Stretch, peaks: Sequence[int]) -> list[npt.NDArray[np.float64]]:
    before, after = round(BEFORE_S * stretch.rate_hz), round(AFTER_S * stretch.rate_hz)
    spans = [(peak - before, peak + after) for peak in peaks]
    return [
        stretch.signal[first:stop]
        for first, stop in spans
        if first >= 0 and stop <= len(stretch.signal) and stretch.valid[first:stop].all()
    ]
