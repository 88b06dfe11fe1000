"""Training records as a chest strap might have made them: noise, another pace, upside down.

Whole signals are changed before detector and filter see them, so that beats are cut and contexts
carried as they would be in service (compare the noise stress test, doi:10.1109/CIC.1984.MoodyGB).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import signal as dsp

from analysis.beats import BEAT_RATE_HZ
from model.dataset import Recording

WANDER, MUSCLE, MOTION = 0.3, 0.05, 0.12
"""The most of each noise, as parts of the record's usual height."""
PACE = (0.92, 1.08)
"""By how much a record may be stretched: another rate of the heart and width of its beats."""

Samples = npt.NDArray[np.float64]
Kind = Literal["low", "high", "band"]


def variant(recording: Recording, number: int) -> Recording:
    """The recording with noise and stretched, as ``number`` has it; odd ones upside down."""
    generator = np.random.default_rng([int(recording.name), number])
    signal_mv = recording.signal_mv
    seconds = signal_mv[: len(signal_mv) // 125 * 125].reshape(-1, 125)
    height_mv = float(np.median(np.ptp(seconds, axis=1)))
    signal_mv = signal_mv + height_mv * _noise(len(signal_mv), generator)
    up = round(100 * generator.uniform(*PACE))
    stretched = dsp.resample_poly(signal_mv, up, 100, padtype="line")
    beat_at = np.rint(recording.beat_at * up / 100).astype(np.int64)
    turned = -stretched if number % 2 else stretched
    return Recording(recording.name, turned, beat_at, recording.beat_class)


def _noise(n: int, generator: np.random.Generator) -> Samples:
    """Baseline wander, muscle noise and electrode motion, each of a random level."""
    wander = _shaped(n, generator, 0.4, "low")
    muscle = _shaped(n, generator, 20.0, "high") * np.abs(_shaped(n, generator, 0.1, "low"))
    bursts = np.clip(_shaped(n, generator, 0.05, "low") - 0.8, 0.0, None)
    motion = _shaped(n, generator, (1.0, 8.0), "band") * bursts
    levels = generator.uniform(0.0, (WANDER, MUSCLE, MOTION))
    noise: Samples = levels[0] * wander + levels[1] * muscle + levels[2] * motion
    return noise


def _shaped(
    n: int, generator: np.random.Generator, edge_hz: float | tuple[float, float], kind: Kind
) -> Samples:
    """White noise filtered to a deviation of 1."""
    sections = dsp.butter(2, edge_hz, kind, fs=BEAT_RATE_HZ, output="sos")
    shaped: Samples = dsp.sosfilt(sections, generator.normal(size=n))
    return shaped / (shaped.std() or 1.0)
