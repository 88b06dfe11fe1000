"""A recorded patient: one lead of a WFDB record, resampled to the device's rate."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import Incorrect, NotFound

WFDB_SUFFIXES = {".hea", ".dat", ".atr"}


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Samples of one lead in mV, shape (n,), at ``rate_hz``; NaN where there is none."""

    name: str
    rate_hz: float
    samples_mv: npt.NDArray[np.float64] = field(repr=False)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples_mv) / self.rate_hz


def record_path(path: Path) -> Path:
    """The record's name without a file suffix, as the WFDB library wants it."""
    bare = path.with_suffix("") if path.suffix in WFDB_SUFFIXES else path
    if not bare.with_suffix(".hea").is_file():
        raise NotFound(f"no WFDB record at {bare} (expected {bare.name}.hea beside its signals)")
    return bare


def resample(
    samples_mv: npt.NDArray[np.float64], from_hz: float, to_hz: float
) -> npt.NDArray[np.float64]:
    """Samples at another rate, through the polyphase anti-aliasing filter of SciPy."""
    from scipy.signal import resample_poly  # 0.5 s to import, and no synthetic patient needs it

    ratio = Fraction(to_hz / from_hz).limit_denominator(1000)
    filled = np.nan_to_num(samples_mv)
    return np.asarray(resample_poly(filled, ratio.numerator, ratio.denominator), dtype=np.float64)


def read_record(path: Path, rate_hz: float, channel: int = 0) -> Recording:
    """Read one channel of a WFDB record and resample it.

    Raises NotFound if there is no such record, Incorrect if it is damaged or lacks the channel.
    """
    bare = record_path(path)
    import wfdb  # pandas and matplotlib hang on it: loaded only when a record is replayed

    try:
        n_signals = wfdb.rdheader(str(bare)).n_sig
        if not 0 <= channel < n_signals:
            raise Incorrect(f"record {bare.name} has channels 0 to {n_signals - 1}, not {channel}")
        record = wfdb.rdrecord(str(bare), channels=[channel])
        signal = np.asarray(record.p_signal[:, 0], dtype=np.float64)
    except (OSError, ValueError, TypeError, IndexError, AttributeError) as error:
        # The library says in many ways that a file is not what it should be.
        raise Incorrect(f"record {bare.name} cannot be read: {error}") from error
    return Recording(bare.name, rate_hz, resample(signal, record.fs, rate_hz))
