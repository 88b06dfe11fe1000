"""The decimator's coefficients (core/decimate_taps.h): designed, rounded to integers, and stated.

Usage: taps.py OUT. Needs scipy. Each row: a stage's factor and the rates it works between.
Equiripple after Parks and McClellan (10.1109/TCT.1972.1083419); a stage's stop-band begins where
a frequency folds into 0-40 Hz, so that what folds between is out of the pass-band.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.signal import remez

PASS_HZ = 40.0
ONE = 1 << 15
STAGES = {  # name: (rate before in Hz, factor, taps)
    "20K_BY_20": (20_000, 20, 81),
    "1K_BY_8": (1_000, 8, 91),
    "1K_BY_4": (1_000, 4, 25),
}


def taps(rate_hz: float, factor: int, count: int) -> np.ndarray:
    """Integer coefficients of sum 2^15."""
    stop_hz = rate_hz / factor - PASS_HZ
    bands = [0, PASS_HZ, stop_hz, rate_hz / 2]
    ideal = remez(count, bands, [1, 0], weight=[1, 6], fs=rate_hz, maxiter=200)
    rounded = np.rint(ideal / ideal.sum() * ONE).astype(int)
    rounded[count // 2] += ONE - rounded.sum()
    return rounded


def table(name: str, values: np.ndarray) -> str:
    """One array in C."""
    rows = [", ".join(map(str, values[i : i + 12])) for i in range(0, len(values), 12)]
    return (
        f"static const int16_t ECG_TAPS_{name}[{len(values)}] = {{\n    "
        + ",\n    ".join(rows)
        + "};\n"
    )


def header() -> str:
    """The whole file."""
    made = {name: taps(*stage) for name, stage in STAGES.items()}
    parts = [
        "/* Made by tests/taps.py: see there. */\n#ifndef ECG_DECIMATE_TAPS_H\n"
        "#define ECG_DECIMATE_TAPS_H\n\n#include <stdint.h>\n\n",
        "\n".join(table(name, each) for name, each in made.items()),
        "\n#endif\n",
    ]
    return "".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(header())
