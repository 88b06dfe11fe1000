"""The QRS energy of an ECG: what a detector looks at instead of the signal.

Band-pass, square and smooth, after Pan and Tompkins (doi:10.1109/TBME.1985.325532) and Hamilton
and Tompkins (doi:10.1109/TBME.1986.325695). The band lies where QRS energy stands out most from
T waves and muscle noise (Thakor 1984, doi:10.1109/TBME.1984.325393, and the DS1 half of the
MIT-BIH Arrhythmia Database). Everything is causal with carried state: chunk borders leave no
trace, and a gain or a change of sign changes no decision.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import signal

from analysis.signal.filters import Samples, hold_finite

QRS_LOW_HZ = 8.0
QRS_HIGH_HZ = 25.0
QRS_ORDER = 4
SMOOTH_HZ = 6.0
SMOOTH_ORDER = 2
"""The low-pass that turns energy into one hump per QRS complex."""
BAND_DELAY_S = 0.032
"""Delay from an R peak to its largest deflection in the QRS band (median over DS1)."""
SEARCH_BEFORE_S = 0.116
SEARCH_AFTER_S = 0.044
"""Where, around the hump of energy, that largest deflection is looked for."""

Candidate = tuple[int, float, int]
"""A hump of energy: its sample index, its height, and the sample index of its R peak."""


Polynomials = tuple[Samples, Samples]


@lru_cache(maxsize=64)
def _band_pass(rate_hz: float) -> Polynomials:
    """Numerator and denominator: for so few poles in so wide a band they are exact enough."""
    return signal.butter(QRS_ORDER // 2, (QRS_LOW_HZ, QRS_HIGH_HZ), "bandpass", fs=rate_hz)


@lru_cache(maxsize=64)
def _low_pass(rate_hz: float) -> Polynomials:
    return signal.butter(SMOOTH_ORDER, SMOOTH_HZ, fs=rate_hz)


class QrsFeatures:
    """Turns samples into candidates, chunk by chunk.

    ``scanned`` is the sample index below which every candidate has been told.
    """

    def __init__(self, rate_hz: float) -> None:
        self._band, self._smooth = _band_pass(rate_hz), _low_pass(rate_hz)
        self._delay = round(BAND_DELAY_S * rate_hz)
        self._before = round(SEARCH_BEFORE_S * rate_hz)
        self._after = round(SEARCH_AFTER_S * rate_hz)
        self._window = np.arange(self._before + self._after + 1)
        self._band_state = np.full(QRS_ORDER, np.nan)
        self._smooth_state = np.zeros(SMOOTH_ORDER)
        self._held = 0.0
        # Deflection and energy around the border between what is scanned and what is to come.
        self._deflection = np.zeros(self._before)
        self._energy = np.zeros(self._before)
        self.scanned = 0

    @property
    def pushed(self) -> int:
        """How many samples have been pushed."""
        return self.scanned + len(self._energy) - self._before

    @property
    def earliest(self) -> int:
        """The sample index before which no candidate still to come can have its R peak."""
        return max(self.scanned - self._before - self._delay, 0)

    def push(self, samples_mv: npt.ArrayLike) -> list[Candidate]:
        """Candidates that the next samples (mV) complete, in order of time."""
        samples = hold_finite(samples_mv, self._held)
        if samples.size == 0:
            return []
        self._held = float(samples[-1])
        self._filter(samples)
        return self._scan()

    def _filter(self, samples: Samples) -> None:
        if np.isnan(self._band_state[0]):
            self._band_state = signal.lfilter_zi(*self._band) * samples[0]
        band, self._band_state = signal.lfilter(*self._band, samples, zi=self._band_state)
        smooth, self._smooth_state = signal.lfilter(
            *self._smooth, band * band, zi=self._smooth_state
        )
        # The low-pass swings a little below zero after a hump.
        self._deflection = np.concatenate((self._deflection, np.abs(band)))
        self._energy = np.concatenate((self._energy, np.sqrt(np.maximum(smooth, 0.0))))

    def _scan(self) -> list[Candidate]:
        """Humps in ``[scanned, end - after)``; buffers start ``before`` samples earlier."""
        end = len(self._energy) - self._after
        if end <= self._before:
            return []
        middle = self._energy[self._before : end]
        rising = middle > self._energy[self._before - 1 : end - 1]
        falling = middle >= self._energy[self._before + 1 : end + 1]
        found = np.flatnonzero(rising & falling)
        lobes = self._deflection[found[:, None] + self._window].argmax(axis=1)
        r_peaks = np.maximum(found + lobes + (self.scanned - self._before - self._delay), 0)
        told = list(
            zip(
                (found + self.scanned).tolist(),
                middle[found].tolist(),
                r_peaks.tolist(),
                strict=True,
            )
        )
        self.scanned += len(middle)
        self._deflection = self._deflection[len(middle) :]
        self._energy = self._energy[len(middle) :]
        return told

    def finish(self) -> list[Candidate]:
        """The last candidates, as if the last sample lasted long enough to complete them."""
        return self.push(np.full(self._before + 2 * self._after + 2, self._held))

    def dump(self) -> dict[str, Samples]:
        """The whole state, as arrays."""
        return {
            "band_state": self._band_state.copy(),
            "smooth_state": self._smooth_state.copy(),
            "deflection": self._deflection.copy(),
            "energy": self._energy.copy(),
            "position": np.array([self.scanned, self._held]),
        }

    def load(self, state: dict[str, Samples]) -> None:
        """Go on from a dumped state."""
        self._band_state = np.array(state["band_state"])
        self._smooth_state = np.array(state["smooth_state"])
        self._deflection = np.array(state["deflection"])
        self._energy = np.array(state["energy"])
        self.scanned = int(state["position"][0])
        self._held = float(state["position"][1])
