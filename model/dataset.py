"""Labelled beats from WFDB records, cut by the code that serves.

Source: the MIT-BIH Arrhythmia Database (https://physionet.org/content/mitdb/1.0.0/, ODC-BY 1.0;
Moody and Mark 2001, doi:10.1109/51.932724), channel 0, resampled to 125 Hz.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import wfdb

from analysis.beats import BEAT_RATE_HZ, BEAT_SAMPLES, BEAT_VALUES, cut_beat
from analysis.context import Context
from analysis.signal.filters import BandPass
from core.errors import Incorrect
from model.ec57 import detect, match_beats, read_lead
from model.labels import AAMI_CLASS
from model.progress import Progress, untold

Indices = npt.NDArray[np.int64]
SURPLUS = "-"
"""The class of a detection that no reference beat confirms."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One lead at BEAT_RATE_HZ: ``signal_mv`` float64[n], and the reference beats, ascending."""

    name: str
    signal_mv: npt.NDArray[np.float64]
    beat_at: Indices
    beat_class: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class BeatSet:
    """n beats, record after record in time order, with class and record of each.

    ``beats`` is float32[n, 187] (crops) or float32[n, BEAT_VALUES] (rows with context).
    """

    beats: npt.NDArray[np.float32]
    classes: npt.NDArray[np.str_]
    records: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.beats)

    @property
    def abnormal(self) -> npt.NDArray[np.bool_]:
        """What the network learns: the AAMI class is not N."""
        result: npt.NDArray[np.bool_] = self.classes != "N"
        return result

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "BeatSet":
        """The chosen beats, in the order chosen."""
        return BeatSet(self.beats[which], self.classes[which], self.records[which])


def read_recording(path: Path) -> Recording:
    """Channel 0 of the WFDB record at ``path`` (no suffix) with its ``atr`` annotation.

    Raises Incorrect if the record cannot be read.
    """
    try:
        signal_mv = read_lead(path, BEAT_RATE_HZ)
        reference = wfdb.rdann(str(path), "atr")
        rate_hz = float(wfdb.rdheader(str(path)).fs)
    except (OSError, ValueError) as error:
        raise Incorrect(f"no readable WFDB record with annotations at {path}: {error}") from error
    is_beat = np.array([symbol in AAMI_CLASS for symbol in reference.symbol], dtype=np.bool_)
    classes = [AAMI_CLASS[symbol] for symbol in reference.symbol if symbol in AAMI_CLASS]
    beat_at = np.rint(reference.sample[is_beat] / rate_hz * BEAT_RATE_HZ).astype(np.int64)
    return Recording(path.name, signal_mv, beat_at, np.array(classes, dtype="<U1"))


def read_recordings(
    folder: Path, names: Sequence[str], progress: Progress = untold
) -> dict[str, Recording]:
    """The recordings of these names in ``folder``, by name. Raises Incorrect as above."""
    recordings: dict[str, Recording] = {}
    for name in names:
        progress("reading records", len(recordings), len(names))
        recordings[name] = read_recording(folder / name)
    progress("reading records", len(recordings), len(names))
    return recordings


def served_beats(recording: Recording) -> BeatSet:
    """The beats as they are served: detected, filtered, cut; labelled by the matching reference.

    A detection without a reference beat has no label and is left out.
    """
    peaks, classes = _detected(recording)
    filtered = BandPass(BEAT_RATE_HZ).push(recording.signal_mv)
    return _cut(recording.name, filtered, peaks, classes)


def served_rows(recording: Recording, surplus: bool = False) -> BeatSet:
    """The same beats with their context, as the service's pipeline makes their rows.

    With ``surplus``, detections without a reference beat are among them, of class SURPLUS.
    """
    peaks, classes = _detected(recording)
    if surplus:
        classes[classes == ""] = SURPLUS
    return _rows(recording, peaks, classes)


def published_rows(recording: Recording) -> BeatSet:
    """Rows with context at the reference's beats, for the random split; filtered."""
    return _rows(recording, recording.beat_at, recording.beat_class)


def _detected(recording: Recording) -> tuple[Indices, npt.NDArray[np.str_]]:
    """The detector's R peaks, and the class of the reference beat that each matches, or ""."""
    found_s = detect(recording.signal_mv, BEAT_RATE_HZ)
    classes = np.full(len(found_s), "", dtype="<U1")
    for beat, peak in match_beats(recording.beat_at / BEAT_RATE_HZ, found_s):
        classes[peak] = recording.beat_class[beat]
    return np.rint(found_s * BEAT_RATE_HZ).astype(np.int64), classes


def _rows(recording: Recording, peaks: Indices, classes: npt.NDArray[np.str_]) -> BeatSet:
    filtered = BandPass(BEAT_RATE_HZ).push(recording.signal_mv)
    context = Context()
    at = peaks.tolist()
    rows = [
        context.row(filtered, r, after, BEAT_RATE_HZ)
        for r, after in zip(at, [*at[1:], None], strict=False)
    ]
    return _labelled(recording.name, rows, classes, BEAT_VALUES)


def published_beats(recording: Recording) -> BeatSet:
    """The beats as the published heartbeat data set has them: cut at the reference, unfiltered."""
    return _cut(recording.name, recording.signal_mv, recording.beat_at, recording.beat_class)


def _cut(
    name: str, signal: npt.NDArray[np.float64], peaks: Indices, classes: npt.NDArray[np.str_]
) -> BeatSet:
    beats = [cut_beat(signal, r, after, BEAT_RATE_HZ) for r, after in pairwise(peaks)]
    return _labelled(name, beats, classes, BEAT_SAMPLES)


def _labelled(
    name: str,
    beats: list[npt.NDArray[np.float32] | None],
    classes: npt.NDArray[np.str_],
    width: int,
) -> BeatSet:
    """Those of the beats that could be cut and have a class."""
    chosen = [i for i, beat in enumerate(beats) if beat is not None and classes[i]]
    stacked = [beat for i in chosen if (beat := beats[i]) is not None]
    return BeatSet(
        np.array(stacked, dtype=np.float32).reshape(-1, width),
        classes[chosen].astype("<U1"),
        np.full(len(chosen), name),
    )


def join(sets: Iterable[BeatSet]) -> BeatSet:
    """All beats of several sets, in their order."""
    parts = list(sets)
    return BeatSet(
        np.concatenate([part.beats for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.records for part in parts]),
    )


def data_digest(data_dir: Path, records: Iterable[str]) -> str:
    """SHA-256 over the names and contents of the records' files, to say what was trained on."""
    total = sha256()
    for name in sorted(records):
        for suffix in ("hea", "dat", "atr"):
            content = (data_dir / f"{name}.{suffix}").read_bytes()
            total.update(f"{name}.{suffix} {sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()
