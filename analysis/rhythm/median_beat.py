"""The median beat of some seconds of ECG at 500 Hz, and the ends of its waves.

Aligning the beats and taking their median before measuring is what electrocardiographs do
(Kligfield 2007, doi:10.1161/CIRCULATIONAHA.106.180200). The QRS complex ends where a stretch is
flat, after Daskalov and Christov 1999 (doi:10.1016/S1350-4533(99)00016-8), who take 20 ms; here
it is 36 ms, and the search begins outside of everything steep, so that the notch of a bundle
branch block is no end. The T wave ends where the tangent to its steepest last slope meets the
baseline (Lepeschkin and Surawicz 1952, doi:10.1161/01.CIR.6.3.378).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from analysis.rhythm.usual import correlation

Floats = npt.NDArray[np.float64]

RATE_HZ = 500.0
LEAST_BEATS = 5
BEFORE_S, AFTER_S = 0.30, 0.65
BEFORE_RR, AFTER_RR = 0.35, 0.80
"""How much of a beat is cut, in s and at most in RR intervals, so that no other beat is in it."""
SNAP_S, SHIFT_S = 0.06, 0.03
"""How far the filter used for detection may have moved an R peak; and by how much beats shift."""
CORE_S, LIKE_S = (0.10, 0.12), (0.10, 0.40)
"""Around the R peak: what beats are aligned by, and what they are compared by."""
ALIKE = 0.85
"""Mean correlation of the beats (QRS to T wave) with their median, or nothing is told."""
FLAT_S, FLAT, STEEP = 0.036, 0.055, 0.15
"""Flat and steep: the range within FLAT_S, as a share of the complex's. Chosen on DS1."""
STEEP_S, REACH_S = (0.12, 0.16), (0.22, 0.26)
"""Around the R peak: where a steep stretch is of the complex, and where its ends are sought."""
BASE_S, SMOOTH_S, SLOPE_S = 0.03, 0.02, 0.16


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeat:
    """Aligned beats float64[n, m] in mV at RATE_HZ, their median, the R peak's position in it."""

    beats: Floats
    mv: Floats
    r: int

    def halves(self) -> tuple[Floats, Floats]:
        """The medians of every other beat and of those between, float64[m] in mV."""
        return np.median(self.beats[::2], axis=0), np.median(self.beats[1::2], axis=0)


def median_beat(
    filtered: Floats, rate_hz: float, peaks: Sequence[int], normal: Sequence[bool]
) -> MedianBeat | None:
    """The median of the normal beats of float64[n] in mV; None if they are few or do not repeat.

    ``peaks`` are positions of all R peaks, ascending, at least two; ``normal`` says which count.
    """
    fine = _resampled(filtered, rate_hz)
    at = [_snap(fine, round(peak * RATE_HZ / rate_hz)) for peak in peaks]
    rr = float(np.median(np.diff(at)))
    r = round(min(BEFORE_S * RATE_HZ, BEFORE_RR * rr))
    after = round(min(AFTER_S * RATE_HZ, AFTER_RR * rr))
    shift, core = round(SHIFT_S * RATE_HZ), _samples(CORE_S)
    low, high = max(r, core[0]) + shift, max(after, core[1]) + shift
    chosen = [p for p, n in zip(at, normal, strict=True) if n and low <= p <= len(fine) - high]
    if len(chosen) < LEAST_BEATS or r < core[0]:
        return None
    for _ in range(2):
        usual = np.median([fine[p - core[0] : p + core[1]] for p in chosen], axis=0)
        moved = [_aligned(fine, p, usual - usual.mean(), shift) for p in chosen]
        chosen = [p for p in moved if low - shift <= p <= len(fine) - high + shift]
        if len(chosen) < LEAST_BEATS:
            return None
    beats = np.array([fine[p - r : p + after] for p in chosen])
    return _of_the_alike(beats, r)


def qrs_ends(mv: Floats, r: int) -> tuple[int, int] | None:
    """First and last position of the QRS complex in a beat float64[n] in mV at RATE_HZ, or None."""
    span, (before, after) = round(FLAT_S * RATE_HZ), _samples(STEEP_S)
    ranges = np.ptp(sliding_window_view(mv, span), axis=1)
    whole = float(np.ptp(mv[max(0, r - before) : r + after]))
    first, stop = max(0, r - before), r + after - span
    steep = np.flatnonzero(ranges[first:stop] > STEEP * whole) + first
    if steep.size == 0:
        return None
    low, high = _samples(REACH_S)
    flat = np.flatnonzero(ranges < FLAT * whole)
    left = flat[(flat >= r - low) & (flat < steep[0])]
    right = flat[(flat > steep[-1]) & (flat < r + high)]
    if left.size == 0 or right.size == 0:
        return None
    return int(left[-1]) + span - 1, int(right[0])


def t_end(mv: Floats, onset: int, peak: int) -> float | None:
    """Where the T wave with this peak ends in a beat float64[n] in mV at RATE_HZ, or None.

    The baseline is that before ``onset``, the QRS complex's first position.
    """
    base = float(np.median(mv[max(0, onset - round(BASE_S * RATE_HZ)) : onset + 1]))
    smooth = round(SMOOTH_S * RATE_HZ)
    height = (mv - base) * (1.0 if mv[peak] >= base else -1.0)
    slope = np.gradient(np.convolve(height, np.ones(smooth) / smooth, "same"))
    stop = min(peak + round(SLOPE_S * RATE_HZ), len(mv) - smooth)
    if stop - peak < smooth:
        return None
    at = peak + int(np.argmin(slope[peak:stop]))
    end = at - height[at] / slope[at] if slope[at] < 0 else np.inf
    return float(end) if peak < end < len(mv) else None


def _samples(seconds: tuple[float, float]) -> tuple[int, int]:
    return round(seconds[0] * RATE_HZ), round(seconds[1] * RATE_HZ)


def _resampled(filtered: Floats, rate_hz: float) -> Floats:
    """At RATE_HZ, mirrored at the end so that nothing jumps where the Fourier series repeats."""
    wanted = round(len(filtered) * RATE_HZ / rate_hz)
    whole: Floats = signal.resample(np.concatenate((filtered, filtered[::-1])), 2 * wanted)
    return whole[:wanted]


def _snap(fine: Floats, peak: int) -> int:
    """The largest deflection near a peak."""
    reach = round(SNAP_S * RATE_HZ)
    first = min(max(0, peak - reach), len(fine) - 1)
    return first + int(np.argmax(np.abs(fine[first : peak + reach + 1])))


def _aligned(fine: Floats, peak: int, usual: Floats, shift: int) -> int:
    """The position near a peak at which the beat is most like ``usual``, which has no mean."""
    first = peak - round(CORE_S[0] * RATE_HZ) - shift
    if first < 0 or first + len(usual) + 2 * shift > len(fine):
        return peak
    likeness = np.correlate(fine[first : first + len(usual) + 2 * shift], usual, "valid")
    return peak - shift + int(np.argmax(likeness))


def _of_the_alike(beats: Floats, r: int) -> MedianBeat | None:
    """The quality gate: the beats must repeat, and those that do not are left out."""
    low, high = _samples(LIKE_S)
    cut = beats[:, max(0, r - low) : r + high]
    cut = cut - cut.mean(axis=1, keepdims=True)
    usual = np.median(cut, axis=0)
    usual = usual - usual.mean()
    like = np.array([correlation(usual, each) or 0.0 for each in cut])
    good = beats[like >= ALIKE]
    if float(like.mean()) < ALIKE or len(good) < LEAST_BEATS:
        return None
    return MedianBeat(good, np.median(good, axis=0), r)
