"""Records to replay: the MIT-BIH ones where they are, else one made here with annotations."""

import os
from itertools import islice
from pathlib import Path

import numpy as np
import wfdb

from simulator.rhythm import PLANS, Rhythm
from simulator.synthetic import synthetic

MITDB = Path(
    os.environ.get("HISBUNDLE_MITDB", Path(__file__).parents[3] / "shared" / "data" / "mitdb")
)
RATE_HZ = 360.0


def mitdb_record(name: str) -> Path | None:
    """A record of the database, None where the database is not."""
    return MITDB / name if (MITDB / f"{name}.hea").is_file() else None


def synthetic_record(folder: Path, rhythm: Rhythm, seconds: float, seed: int = 3) -> Path:
    """A WFDB record of a synthetic patient with its true R peaks as annotations."""
    beats = list(islice(PLANS[rhythm](np.random.default_rng(seed)), int(4 * seconds)))
    peaks_s = 0.7 + np.cumsum([0.0, *(beat.rr_s for beat in beats[:-1])])
    signal = np.concatenate(list(islice(synthetic(rhythm, RATE_HZ, seed), len(beats))))
    known = [i for i, at_s in enumerate(peaks_s) if at_s < seconds]
    count = int(seconds * RATE_HZ)
    wfdb.wrsamp(
        rhythm.value,
        fs=RATE_HZ,
        units=["mV"],
        sig_name=["ECG"],
        p_signal=signal[:count, None],
        fmt=["16"],
        write_dir=str(folder),
    )
    wfdb.wrann(
        rhythm.value,
        "atr",
        np.array([round(peaks_s[i] * RATE_HZ) for i in known]),
        symbol=["V" if beats[i].ventricular else "N" for i in known],
        write_dir=str(folder),
    )
    return folder / rhythm.value
