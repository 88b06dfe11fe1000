"""How alike a patient's beats look: template correlation with the nearest of many templates.

Template matching after Orphanidou 2015 (doi:10.1109/JBHI.2014.2338351). There the template is the
mean beat; a beat that is not like most, as in bigeminy or atrial fibrillation with aberrance, then
counts as noise. Here the templates are all beats of the strip and the last MEMORY_BEATS
well-recognised ones before it, and a beat is held against the LIKES nearest to it in shape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.session.segment import Stretch

Floats = npt.NDArray[np.float64]

GRID_HZ = 125.0
"""Beats are compared on this grid whatever the sampling rate; the pass band ends at 40 Hz."""
BEFORE_S, AFTER_S = 0.25, 0.40
"""The window around an R peak that is compared: P wave to the T wave's peak."""
OFFSETS_S: Floats = np.arange(-round(BEFORE_S * GRID_HZ), round(AFTER_S * GRID_HZ)) / GRID_HZ
LIKES = 2
"""With how many of its nearest a beat is compared: an ectopic beat often has a like."""
MEMORY_BEATS = 16
KNOWN = 0.80
"""A beat this much like others is remembered, for the strips that follow."""
NEW_SHARE = 0.2
"""How fast the remembered power follows that of the last strip."""


@dataclass(slots=True, eq=False)
class BeatMemory:
    """What is kept of a session's beats: their shapes, and the power of one in mV^2.

    ``shapes`` is float32[n, 81], n <= MEMORY_BEATS, each of mean 0 and length 1, oldest first;
    ``power_mv2`` is 0 until a strip was readable.
    """

    shapes: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, len(OFFSETS_S)), dtype=np.float32)
    )
    power_mv2: float = 0.0

    def learn(self, beats: "Beats") -> None:
        """Keep the beats of a readable strip that were recognised."""
        known = beats.shapes[beats.likeness >= KNOWN].astype(np.float32)
        self.shapes = np.concatenate((self.shapes, known))[-MEMORY_BEATS:]
        if beats.power_mv2 > 0:
            before = self.power_mv2 or beats.power_mv2
            self.power_mv2 = before + NEW_SHARE * (beats.power_mv2 - before)

    def dump(self) -> dict[str, Any]:
        """The state: an array and a number."""
        return {"shapes": self.shapes, "power_mv2": self.power_mv2}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "BeatMemory":
        """The memory that ``dump`` described."""
        return cls(state["shapes"], state["power_mv2"])


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """n beats of a strip that can be compared, all of them of whole windows.

    ``spans`` are (stretch, first, stop) in its signal; ``shapes`` float64[n, 81] of mean 0 and
    length 1; ``likeness`` float64[n] from 0 to 1; ``power_mv2`` is the power of a typical beat
    without what is not alike, 0 without beats.
    """

    spans: tuple[tuple[Stretch, int, int], ...]
    shapes: Floats
    likeness: Floats
    power_mv2: float


def compare(stretches: Sequence[Stretch], memory: BeatMemory) -> Beats:
    """The strip's beats, each held against its nearest, in the strip or in ``memory``.

    Likeness is 0 while there are fewer than LIKES others to hold a beat against.
    """
    found = [span for stretch in stretches for span in _whole(stretch, stretch.peaks)]
    shapes, power = _shapes([_cut(*span) for span in found])
    others = memory.shapes.astype(np.float64)
    if len(shapes) + len(others) <= LIKES:
        # The first beats of a session, in a short strip: those just before it stand in.
        earlier = [span for stretch in stretches for span in _whole(stretch, stretch.earlier)]
        others = np.concatenate((others, _shapes([_cut(*span) for span in earlier])[0]))
    likeness = _likeness(shapes, others)
    alike = likeness**2 * power
    return Beats(tuple(found), shapes, likeness, float(np.median(alike)) if len(alike) else 0.0)


def windows(stretch: Stretch, peaks: Sequence[int]) -> list[tuple[int, int]]:
    """First and stop of the window around each peak, which may reach beyond the signal."""
    first, last = (round(s * stretch.rate_hz) for s in (OFFSETS_S[0], OFFSETS_S[-1]))
    return [(peak + first, peak + last + 1) for peak in peaks]


def _whole(stretch: Stretch, peaks: Sequence[int]) -> list[tuple[Stretch, int, int]]:
    """The windows that lie in the signal, nothing missing in them."""
    return [
        (stretch, first, stop)
        for first, stop in windows(stretch, peaks)
        if first >= 0 and stop <= len(stretch.signal) and stretch.valid[first:stop].all()
    ]


def _likeness(shapes: Floats, others: Floats) -> Floats:
    """Mean correlation of each beat, float64[n], with its LIKES nearest; never below 0."""
    if len(shapes) + len(others) <= LIKES:
        return np.zeros(len(shapes))
    # einsum without BLAS: its sums do not depend on how the memory happens to lie.
    pool = np.concatenate((shapes, others))
    alike = np.einsum("ik,jk->ij", shapes, pool, optimize=False)
    np.fill_diagonal(alike, -1.0)
    nearest: Floats = np.sort(alike, axis=1)[:, -LIKES:].mean(axis=1)
    return np.clip(nearest, 0.0, 1.0)


def _cut(stretch: Stretch, first: int, stop: int) -> Floats:
    samples = stretch.signal[first:stop]
    if len(samples) == len(OFFSETS_S):
        return samples
    at = np.linspace(0, len(samples) - 1, len(OFFSETS_S))
    return np.interp(at, np.arange(len(samples)), samples)


def _shapes(cuts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The windows with mean 0 and length 1, and the power of each in mV^2."""
    beats = np.array(cuts, dtype=np.float64).reshape(len(cuts), len(OFFSETS_S))
    beats = beats - beats.mean(axis=1, keepdims=True)
    power = (beats * beats).mean(axis=1)
    length = np.sqrt(power * beats.shape[1])
    return beats / np.maximum(length, 1e-12)[:, None], power
