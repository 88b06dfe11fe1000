"""A strip that was told while it ran is told again, when complete, as if for the first time."""

from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pytest

from analysis.classifier import Beats, Probabilities
from analysis.context import Context
from analysis.signal.filters import BandPass
from analysis.signal.rpeaks import RPeakDetector
from core.ecg import RhythmKind
from tests.analysis.chunks import NV_PER_LSB, Run, all_normal, chunks_of
from tests.analysis.synthetic import SINUS, VENTRICULAR, Floats, ecg, regular

RATE_HZ = 125.0
VT = RhythmKind.VENTRICULAR_TACHYCARDIA


def told_by_row(beats: Beats) -> Probabilities:
    """Probabilities that give away each bit of a row."""
    probabilities = all_normal(len(beats))
    for row, of_row in zip(beats, probabilities, strict=True):
        of_row[0] = int.from_bytes(sha256(row.tobytes()).digest()[:3]) / 2**24
    return probabilities


class Telltale(Run):
    """A session whose probabilities are those of ``told_by_row``."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return told_by_row(beats)


def with_a_run(begin_s: float) -> Floats:
    """Sinus rhythm, broken by 12 s of a wide tachycardia, as a device would send it."""
    sinus_s, run_s = regular(60), begin_s + 0.36 * np.arange(33)
    outside = sinus_s[(sinus_s < begin_s - 0.3) | (sinus_s > run_s[-1] + 0.5)]
    waves = [SINUS] * len(outside) + [VENTRICULAR] * len(run_s)
    signal_mv = ecg(RATE_HZ, 60, np.concatenate((outside, run_s)), waves)
    return np.rint(signal_mv * 1e6 / NV_PER_LSB) * (NV_PER_LSB * 1e-6)


def evaluated(signal_mv: Floats) -> dict[int, float]:
    """Probability of abnormal of each beat of the whole signal at once, as training cuts it."""
    detector, context = RPeakDetector(RATE_HZ), Context()
    peaks = [*detector.push(signal_mv), *detector.flush()]
    filtered = BandPass(RATE_HZ).push(signal_mv)
    rows = [
        (r, context.row(filtered, r, after, RATE_HZ))
        for r, after in zip(peaks, [*peaks[1:], None], strict=True)
    ]
    cut = [(r, row) for r, row in rows if row is not None]
    told = told_by_row(np.array([row for _, row in cut]))
    return {r: round(1 - float(p), 6) for (r, _), p in zip(cut, told[:, 0], strict=True)}


@pytest.mark.parametrize("begin_s", [13.0, 22.5, 30.3])
def test_probabilities_served_equal_those_evaluated_though_a_strip_was_told_twice(
    begin_s: float,
) -> None:
    signal_mv = with_a_run(begin_s)
    session, early = Telltale(), 0
    for chunk in chunks_of(signal_mv):
        session.push([chunk])
        early += any(span.kind is VT for s in session.strips for span in s.rhythm)
    served = {
        beat.sample_index: beat.abnormal_probability
        for strip in session.strips
        for beat in strip.beats
        if beat.abnormal_probability is not None
    }
    assert early
    assert len(served) > 60
    assert served == {r: p for r, p in evaluated(signal_mv).items() if r in served}
