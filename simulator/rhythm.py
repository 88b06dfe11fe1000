"""Rhythms to choose from: when a synthetic heart beats, and how.

Intervals are drawn so that each rhythm shows what clinicians name it for; rates and ectopy
shares are typical textbook values, not a model of any patient.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Rhythm(StrEnum):
    """What the synthetic patient has."""

    SINUS = "sinus"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    PVC = "pvc"
    BIGEMINY = "bigeminy"
    ATRIAL_FIBRILLATION = "atrial-fibrillation"
    PAUSE = "pause"
    LEAD_OFF = "lead-off"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class BeatPlan:
    """One beat to draw: the interval to the next R peak, and its shape."""

    rr_s: float
    ventricular: bool = False
    p_wave: bool = True


Plan = Iterator[BeatPlan]
_RESPIRATION_HZ = 0.25


def _sinus_rr(rng: np.random.Generator, rate_per_min: float, at_s: float) -> float:
    """An RR interval with respiratory arrhythmia (3 %) and a little jitter (1 %)."""
    mean_s = 60.0 / rate_per_min
    breath = 0.03 * np.sin(2 * np.pi * _RESPIRATION_HZ * at_s)
    return float(mean_s * (1 + breath + 0.01 * rng.standard_normal()))


def _regular(rate_per_min: float) -> Callable[[np.random.Generator], Plan]:
    def plan(rng: np.random.Generator) -> Plan:
        at_s = 0.0
        while True:
            rr_s = _sinus_rr(rng, rate_per_min, at_s)
            at_s += rr_s
            yield BeatPlan(rr_s)

    return plan


def _ectopic(share: float | None) -> Callable[[np.random.Generator], Plan]:
    """Sinus at 70/min with premature ventricular beats: a share of all, or every second one.

    The ectopic beat comes early (0.6 RR) and a compensatory pause follows (1.4 RR).
    """

    def plan(rng: np.random.Generator) -> Plan:
        at_s = 0.0
        while True:
            rr_s = _sinus_rr(rng, 70.0, at_s)
            if share is None or rng.random() < share:
                yield BeatPlan(0.6 * rr_s)
                yield BeatPlan(1.4 * rr_s, ventricular=True, p_wave=False)
                at_s += 2 * rr_s
            else:
                yield BeatPlan(rr_s)
                at_s += rr_s

    return plan


def _fibrillation(rng: np.random.Generator) -> Plan:
    while True:
        yield BeatPlan(float(np.clip(rng.lognormal(np.log(0.62), 0.24), 0.33, 1.6)), p_wave=False)


def _pause(rng: np.random.Generator) -> Plan:
    for count, beat in enumerate(_regular(65.0)(rng)):
        yield BeatPlan(3.6) if count % 20 == 19 else beat


PLANS: dict[Rhythm, Callable[[np.random.Generator], Plan]] = {
    Rhythm.SINUS: _regular(70.0),
    Rhythm.BRADYCARDIA: _regular(40.0),
    Rhythm.TACHYCARDIA: _regular(145.0),
    Rhythm.PVC: _ectopic(0.12),
    Rhythm.BIGEMINY: _ectopic(None),
    Rhythm.ATRIAL_FIBRILLATION: _fibrillation,
    Rhythm.PAUSE: _pause,
    Rhythm.LEAD_OFF: _regular(70.0),
    Rhythm.NOISE: _regular(70.0),
}
