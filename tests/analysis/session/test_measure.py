"""QRS, QT and QTc in a session: which strips have them, and that batching changes no digit."""

import numpy as np
import numpy.typing as npt
import pytest

from analysis.session.measure import is_due
from core.chunk import INVALID_SAMPLE
from core.ecg import SAMPLES_PER_STRIP
from simulator.rhythm import Rhythm
from tests.analysis.chunks import Run, Samples, all_normal, chunks_of, rhythm_mv
from tests.analysis.synthetic import ecg, regular


class Normal(Run):
    """Whose beats are all normal."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return all_normal(len(beats))


def made(seconds: float, rate_hz: float) -> Samples:
    """Beats with a T wave that ends 0.35 s after the R peak, at 67 a minute."""
    return ecg(rate_hz, seconds, regular(seconds, 0.9))


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 500.0])
def test_each_minute_has_its_intervals_whatever_the_rate(rate_hz: float) -> None:
    run = Normal().push(chunks_of(made(150, rate_hz), rate_hz)).end()
    measured = [strip for strip in run.strips if strip.intervals is not None]
    minutes = [int((s.first_sample + s.n_samples) / rate_hz // 60) for s in measured]
    assert minutes[-2:] == [1, 2]  # a strip at 500 Hz is too short to have five beats at once
    for strip in measured:
        assert strip.intervals is not None
        assert strip.intervals.qtc_ms == pytest.approx(414, abs=25)


def test_neither_batches_nor_restarts_nor_early_ends_change_a_digit() -> None:
    chunks = chunks_of(made(90, 125.0))
    whole, stuttering = Normal().push(chunks).end(), Normal()
    for first in range(0, len(chunks), 5):
        stuttering.push(chunks[first : first + 5]).store_and_load().end()
    assert stuttering.strips == whole.strips
    assert [strip.intervals is not None for strip in whole.strips] == [
        i in (0, 5) for i in range(8)
    ]


def test_a_recording_of_one_strip_is_measured_and_a_strip_with_a_gap_is_not() -> None:
    signal_mv = made(11, 125.0)
    assert Normal().push(chunks_of(signal_mv)).end().strips[0].intervals is not None
    signal_mv[400] = np.nan
    assert Normal().push(chunks_of(signal_mv)).end().strips[0].intervals is None
    assert INVALID_SAMPLE in chunks_of(signal_mv)[2][1].samples


def test_no_intervals_of_what_is_unreadable_or_abnormal() -> None:
    strips = Normal().push(chunks_of(rhythm_mv(Rhythm.NOISE, 14))).end().strips
    assert [strip.intervals for strip in strips] == [None, None]
    assert all(s.intervals is None for s in Abnormal().push(chunks_of(made(60, 125.0))).strips)


class Abnormal(Run):
    """Whose beats are all ventricular."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.roll(all_normal(len(beats)), 2, axis=1)


def test_one_strip_in_each_minute_of_samples() -> None:
    for rate_hz in (125.0, 128.5, 500.0):
        due = [
            first / rate_hz // 60
            for first in range(0, round(600 * rate_hz), SAMPLES_PER_STRIP)
            if is_due(first, first + SAMPLES_PER_STRIP, rate_hz)
        ]
        assert len(due) in (10, 11)
