"""Synthetic beats and WFDB records: narrow QRS complexes are normal, wide inverted ones are not."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import wfdb

from model.dataset import BeatSet

RATE_HZ = 360


def beat_set(n: int, seed: int) -> BeatSet:
    """n beats, a third of them abnormal, of four patients in turn."""
    generator = np.random.default_rng(seed)
    wide = generator.random(n) < 1 / 3
    t = np.arange(187) / 125
    width = np.where(wide, 0.09, 0.03)[:, None]
    wave = np.exp(-((t / width) ** 2)) + np.exp(-(((t - 0.8) / width) ** 2))
    wave = wave + generator.normal(0, 0.03, wave.shape)
    wave -= wave.min(axis=1, keepdims=True)
    wave /= wave.max(axis=1, keepdims=True)
    records = np.array(["p1", "p2", "p3", "p4"])[np.arange(n) % 4]
    return BeatSet(wave.astype(np.float32), np.where(wide, "V", "N"), records)


def write_record(folder: Path, name: str, seconds: float, seed: int) -> None:
    """A WFDB record with annotations: about 75 beats a minute, every fourth a wide one."""
    generator = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat_s = np.arange(0.5, seconds - 1, 0.8)
    beat_s = beat_s + generator.normal(0, 0.01, len(beat_s))
    wide = np.arange(len(beat_s)) % 4 == 3
    signal = generator.normal(0, 0.01, len(t))
    for at, is_wide in zip(beat_s, wide, strict=True):
        signal += _complex(t - at, bool(is_wide))
    wfdb.wrsamp(
        name,
        fs=RATE_HZ,
        units=["mV"],
        sig_name=["MLII"],
        p_signal=signal[:, None],
        fmt=["16"],
        write_dir=str(folder),
    )
    symbols = np.where(wide, "V", "N")
    samples = np.round(beat_s * RATE_HZ).astype(int)
    wfdb.wrann(
        name,
        "atr",
        np.append(samples, len(t) - 1),
        symbol=[*symbols, "+"],
        write_dir=str(folder),
    )


def _complex(t: npt.NDArray[np.float64], wide: bool) -> npt.NDArray[np.float64]:
    if wide:
        return 1.4 * np.exp(-((t / 0.06) ** 2)) - 0.5 * np.exp(-(((t - 0.25) / 0.08) ** 2))
    return np.exp(-((t / 0.02) ** 2)) + 0.2 * np.exp(-(((t - 0.28) / 0.06) ** 2))
