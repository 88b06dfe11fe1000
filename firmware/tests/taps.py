"""The decimator's coefficients as a C header: ``python taps.py OUT``. Needs scipy.

Each stage is the shortest equiripple filter (Parks-McClellan) of a whole number of blocks that
holds its figures after rounding to 1/32768. Stages one after the other let 0-40 Hz through within
0.1 dB and stop, by 60 dB, all that would fold into it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import freqz, remez

ONE = 32768
PASS_HZ = 40.0


@dataclass(frozen=True)
class Stage:
    """What one stage has to hold: rates in Hz, ripple (either way) and attenuation in dB."""

    name: str
    factor: int
    rate_hz: float
    stop_hz: float
    ripple_db: float = 0.05
    attenuation_db: float = 63.0


# What the stage by 20 folds below 210 Hz the stage by 4 may let through: it stops that itself.
STAGES = (
    Stage("BY_4", 4, 1000.0, 210.0),
    Stage("BY_8", 8, 1000.0, 85.0),
    Stage("BY_20", 20, 20000.0, 790.0, ripple_db=0.02),
)


def rounded(stage: Stage, blocks: int) -> NDArray[np.int64]:
    """Whole-number taps of ``blocks`` times the factor, symmetric, whose sum is exactly ONE."""
    weights = (1.0, 10 ** (stage.attenuation_db / 20) * (10 ** (stage.ripple_db / 20) - 1))
    edges = (0.0, PASS_HZ, stage.stop_hz, stage.rate_hz / 2)
    taps = remez(blocks * stage.factor, edges, (1.0, 0.0), weight=weights, fs=stage.rate_hz)
    half = np.rint(taps[: len(taps) // 2] * (ONE / taps.sum())).astype(np.int64)
    half[-1] += ONE // 2 - half.sum()
    return np.concatenate((half, half[::-1]))


def holds(stage: Stage, taps: NDArray[np.int64]) -> bool:
    """Whether rounded taps hold the figures, and no sum of theirs can leave 32 bits."""
    at, response = freqz(taps / ONE, worN=16384, fs=stage.rate_hz)
    with np.errstate(divide="ignore"):
        level = 20 * np.log10(np.abs(response))
    ripple = np.abs(level[at <= PASS_HZ]).max()
    leak = level[at >= stage.stop_hz].max()
    fits = np.abs(taps).sum() < 2 * ONE - 1 and np.abs(taps).max() < ONE
    return bool(fits and ripple <= stage.ripple_db and leak <= -stage.attenuation_db)


def shortest(stage: Stage) -> NDArray[np.int64]:
    """The shortest filter that holds the stage's figures; LookupError where 16 blocks do not."""
    for blocks in range(2, 17):
        taps = rounded(stage, blocks)
        if holds(stage, taps):
            return taps
    raise LookupError(stage.name)


def table(stage: Stage) -> str:
    """One stage as C."""
    taps = shortest(stage)
    lines = [", ".join(map(str, taps[at : at + 10])) for at in range(0, len(taps), 10)]
    rows = ",\n    ".join(lines)
    blocks = f"#define {stage.name}_BLOCKS {len(taps) // stage.factor}U\n"
    return f"{blocks}static const int16_t {stage.name}[] = {{\n    {rows}}};\n"


if __name__ == "__main__":
    NOTE = "/* Made by tests/taps.py; not to be changed by hand. Units: 1/32768. */\n"
    Path(sys.argv[1]).write_text(NOTE + "\n" + "\n".join(map(table, STAGES)))
