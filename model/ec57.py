"""Beat-by-beat comparison of detected R peaks with reference annotations, after ANSI/AAMI EC57.

The matching is that of ``bxb`` (WFDB Applications Guide, "Evaluating ECG Analyzers",
https://physionet.org/physiotools/wag/eval0.htm): in order of time, one to one, within 150 ms,
over the whole record. ``python -m model.ec57 FOLDER [RATE_HZ]`` scores the streaming detector on
every record of a folder.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from analysis.signal.rpeaks import RPeakDetector
from core.chunk import SAMPLES_PER_CHUNK

Floats = npt.NDArray[np.float64]

MATCH_WINDOW_S = 0.150
BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Annotation symbols that mark a beat (https://physionet.org/physiotools/wag/annot-5.htm)."""
FLUTTER_BEGIN, FLUTTER_END = "[", "]"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The annotated beats of a record: float64[n], ascending, in seconds from its start.

    ``flutter`` are the spans (begin, end) of ventricular flutter, where beats have no marks.
    """

    beats_s: Floats
    flutter: tuple[tuple[float, float], ...] = ()

    def outside_flutter(self, at_s: npt.ArrayLike) -> Floats:
        """Those of the times that lie outside of flutter."""
        times = np.asarray(at_s, dtype=np.float64)
        for begin, end in self.flutter:
            times = times[(times < begin) | (times > end)]
        return times


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of matched, surplus and missed beats; shares are 0 to 1, nan of nothing."""

    tp: int
    fp: int
    fn: int

    @property
    def sensitivity(self) -> float:
        """Se: the share of reference beats that were found."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def positive_predictivity(self) -> float:
        """+P: the share of detections that are beats."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def f1(self) -> float:
        """Harmonic mean of Se and +P."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def gross(scores: Iterable[Score]) -> Score:
    """All counts added up."""
    counts = list(scores)
    return Score(sum(s.tp for s in counts), sum(s.fp for s in counts), sum(s.fn for s in counts))


def match_beats(reference_s: npt.ArrayLike, found_s: npt.ArrayLike) -> list[tuple[int, int]]:
    """Matched pairs (position in ``reference_s``, position in ``found_s``), in order of time.

    Both are ascending times in seconds. A beat that lies nearer to the other side's next one
    leaves its partner to that.
    """
    truth = np.asarray(reference_s, dtype=np.float64).tolist()
    found = np.asarray(found_s, dtype=np.float64).tolist()
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(truth) and j < len(found):
        apart = abs(found[j] - truth[i])
        if truth[i] < found[j]:
            rival = abs(truth[i + 1] - found[j]) if i + 1 < len(truth) else np.inf
        else:
            rival = abs(found[j + 1] - truth[i]) if j + 1 < len(found) else np.inf
        if apart <= min(MATCH_WINDOW_S, rival):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif truth[i] < found[j]:
            i += 1
        else:
            j += 1
    return pairs


def score_beats(reference: Reference, found_s: npt.ArrayLike) -> Score:
    """Counts for one record; ``found_s`` are ascending seconds. Flutter is left out."""
    found = reference.outside_flutter(found_s)
    truth = reference.outside_flutter(reference.beats_s)
    tp = len(match_beats(truth, found))
    return Score(tp, len(found) - tp, len(truth) - tp)


def reference_beats(record: Path, seconds: float | None = None) -> Reference | None:
    """The beats of a WFDB record (path without suffix, annotator ``atr``); None without it.

    ``seconds``: the first ones only, None for all.
    """
    if not Path(f"{record}.atr").exists():
        return None
    import wfdb  # pandas and matplotlib hang on it: loaded only when a record is read

    marks = wfdb.rdann(str(record), "atr")
    rate_hz = float(wfdb.rdheader(str(record)).fs)
    limit = np.inf if seconds is None else seconds
    symbols = np.array(marks.symbol)
    at_s = marks.sample / rate_hz
    beats = np.isin(symbols, list(BEAT_SYMBOLS)) & (at_s < limit)
    begins = at_s[symbols == FLUTTER_BEGIN].tolist()
    ends = [*at_s[symbols == FLUTTER_END].tolist(), np.inf]
    return Reference(at_s[beats], tuple(zip(begins, ends, strict=False)))


def read_lead(record: Path, rate_hz: float) -> Floats:
    """Channel 0 of a WFDB record in mV, resampled with anti-aliasing: float64[n]."""
    import wfdb

    lead = wfdb.rdrecord(str(record), channels=[0])
    factor = Fraction(rate_hz / lead.fs).limit_denominator(1000)
    samples = np.nan_to_num(lead.p_signal[:, 0])
    return signal.resample_poly(samples, factor.numerator, factor.denominator, padtype="line")


def detect(signal_mv: Floats, rate_hz: float, chunk: int = SAMPLES_PER_CHUNK) -> Floats:
    """R peaks of a whole signal (float64[n], mV) in seconds, found chunk by chunk."""
    detector = RPeakDetector(rate_hz)
    found: list[int] = []
    for begin in range(0, len(signal_mv), chunk):
        found += detector.push(signal_mv[begin : begin + chunk])
    return np.array(found + detector.flush(), dtype=np.float64) / rate_hz


def _row(name: str, score: Score) -> str:
    shares = (score.sensitivity, score.positive_predictivity, score.f1)
    percent = " ".join(f"{100 * share:8.3f}" for share in shares)
    return f"{name:>8} {score.tp:7d} {score.fp:5d} {score.fn:5d} {percent}"


def main(arguments: Sequence[str]) -> int:
    """Print counts and shares per record and gross: FOLDER [RATE_HZ, 125 by default]."""
    rate_hz = float(arguments[1]) if len(arguments) > 1 else 125.0
    print("  record      TP    FP    FN     Se %     +P %     F1 %")
    scores: list[Score] = []
    for header in sorted(Path(arguments[0]).glob("*.hea")):
        record = header.with_suffix("")
        reference = reference_beats(record)
        if reference is not None:
            scores.append(score_beats(reference, detect(read_lead(record, rate_hz), rate_hz)))
            print(_row(record.name, scores[-1]))
    print(_row("gross", gross(scores)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
