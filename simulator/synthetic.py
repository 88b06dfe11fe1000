"""A synthetic patient: an endless single-lead ECG drawn beat by beat.

Each beat is a sum of Gaussian waves P, Q, R, S, T placed around its R peak, after the
dynamical model of McSharry et al. 2003 (doi:10.1109/TBME.2003.808805); atrial fibrillation
replaces the P wave by fibrillatory waves, a ventricular beat is wide with a discordant T.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simulator.rhythm import PLANS, BeatPlan, Rhythm

Samples = npt.NDArray[np.float64]

Wave = tuple[float, float, float]
"""Offset from R in s (at an RR interval of 1 s), width in s, height in mV."""

_P = (-0.18, 0.025, 0.12)
_NORMAL = ((-0.030, 0.010, -0.10), (0.0, 0.011, 1.10), (0.030, 0.010, -0.22), (0.28, 0.045, 0.28))
_VENTRICULAR = ((-0.040, 0.030, 0.55), (0.015, 0.040, 1.35), (0.30, 0.070, -0.50))
_REACH_S = 0.6
_NOISE_MV = 0.012
_BASELINE_MV = 0.05


def _waves(beat: BeatPlan, rr_before_s: float) -> list[Wave]:
    """Waves of a beat; P and T move with the square root of the RR interval (Bazett)."""
    stretch = float(np.sqrt(np.clip(rr_before_s, 0.35, 1.5)))
    shape = list(_VENTRICULAR if beat.ventricular else _NORMAL)
    offset, width, height = shape[-1]
    shape[-1] = (offset * stretch, width * stretch, height)
    if beat.p_wave:
        shape.append((_P[0] * stretch, _P[1], _P[2]))
    return shape


def _draw(line: Samples, r_s: float, waves: list[tuple[float, float, float]], hz: float) -> None:
    first = max(0, int((r_s - _REACH_S) * hz))
    time_s = np.arange(first, min(len(line), int((r_s + _REACH_S) * hz))) / hz - r_s
    for offset_s, width_s, height_mv in waves:
        line[first : first + len(time_s)] += height_mv * np.exp(
            -0.5 * ((time_s - offset_s) / width_s) ** 2
        )


def _background(
    rhythm: Rhythm, first: int, count: int, rate_hz: float, rng: np.random.Generator
) -> Samples:
    """Breathing baseline, electrode noise, and what the rhythm adds to them."""
    time_s = (first + np.arange(count)) / rate_hz
    line = _BASELINE_MV * np.sin(2 * np.pi * 0.2 * time_s)
    line += _NOISE_MV * rng.standard_normal(count)
    if rhythm is Rhythm.ATRIAL_FIBRILLATION:
        line += 0.05 * np.sin(2 * np.pi * 6.3 * time_s + np.sin(2 * np.pi * 0.7 * time_s))
    if rhythm is Rhythm.NOISE:
        line += 0.9 * rng.standard_normal(count) + 0.6 * np.sin(2 * np.pi * 1.7 * time_s)
    if rhythm is Rhythm.LEAD_OFF:
        line[(time_s % 60.0) >= 30.0] = np.nan
    return line


def synthetic(rhythm: Rhythm, rate_hz: float, seed: int = 0) -> Iterator[Samples]:
    """Blocks of samples in mV without end, NaN while a lead is off; the same for one seed."""
    plan = PLANS[rhythm](np.random.default_rng(seed))
    noise = np.random.default_rng([seed, 1])  # apart, so that noise does not change the rhythm
    pending = np.zeros(int(2 * rate_hz))
    emitted, r_s, rr_before_s = 0, 0.7, 0.8  # r_s counts from the start of ``pending``
    while True:
        beat = next(plan)
        needed = int((r_s + _REACH_S) * rate_hz) + 1
        pending = np.pad(pending, (0, max(0, needed - len(pending))))
        _draw(pending, r_s, _waves(beat, rr_before_s), rate_hz)
        rr_before_s = beat.rr_s
        ready = max(0, int((r_s + beat.rr_s - _REACH_S) * rate_hz))
        pending = np.pad(pending, (0, max(0, ready - len(pending))))
        yield pending[:ready] + _background(rhythm, emitted, ready, rate_hz, noise)
        pending = pending[ready:]
        emitted += ready
        r_s += beat.rr_s - ready / rate_hz
