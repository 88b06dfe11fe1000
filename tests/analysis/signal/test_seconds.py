"""Each second has a score of its own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.session.segment import Stretch
from analysis.signal.faults import Counts
from analysis.signal.filters import BandPass
from analysis.signal.likeness import BeatMemory
from analysis.signal.quality import quality
from analysis.signal.rpeaks import RPeakDetector
from analysis.signal.seconds import Grid, borders
from core.ecg import SAMPLES_PER_STRIP, Quality, RefusalReason
from simulator.rhythm import Rhythm
from tests.analysis.chunks import Samples, rhythm_mv
from tests.analysis.stretches import RATE_HZ, stretch_of

N = SAMPLES_PER_STRIP
RNG = np.random.default_rng(11)


def judged(signal_mv: Samples, counts: Counts | None = None) -> Quality:
    counts = counts or Counts(len(signal_mv), len(signal_mv), 0)
    return quality([stretch_of(signal_mv)], counts, Grid(0, RATE_HZ), BeatMemory())


@pytest.mark.parametrize(("rate_hz", "whole"), [(125.0, 11), (128.5, 11), (360.0, 4), (500.0, 2)])
def test_seconds_follow_the_rate(rate_hz: float, whole: int) -> None:
    edges = borders(N, rate_hz)
    assert len(edges) == whole + 2
    assert (edges[0], edges[1], edges[-1]) == (0, round(rate_hz), N)


def test_noise_in_two_seconds_lowers_those_and_no_others() -> None:
    signal_mv = rhythm_mv(Rhythm.SINUS, 12)[:N].copy()
    before = judged(signal_mv).seconds
    signal_mv[500:750] += RNG.normal(0, 0.8, 250)
    after = judged(signal_mv).seconds
    assert len(before) == len(after) == 11
    assert min(before) > 0.9
    assert max(after[4:6]) < 0.8
    assert min(after[:3] + after[8:]) > 0.9


def test_a_second_without_samples_scores_nothing() -> None:
    signal_mv = rhythm_mv(Rhythm.SINUS, 12)[:N]
    peaks = stretch_of(signal_mv).peaks
    holed = stretch_of(signal_mv, peaks, invalid=slice(250, 500))
    seen = quality([holed], Counts(N, N, 250), Grid(0, RATE_HZ), BeatMemory())
    assert seen.seconds[2:4] == (0.0, 0.0)
    assert min(seen.seconds[:2] + seen.seconds[4:]) > 0.9
    assert seen.readable
    assert seen.reasons == (RefusalReason.LEAD_OFF,)


def test_the_strip_scores_the_mean_of_its_seconds_and_its_rest() -> None:
    signal_mv = rhythm_mv(Rhythm.ATRIAL_FIBRILLATION, 12)[: 11 * 125]
    seen = judged(signal_mv)
    assert seen.score == pytest.approx(np.mean(seen.seconds), abs=1e-6)


_RATES = st.sampled_from([125.0, 128.0, 250.0, 360.0, 500.0])
_EXTREMES = st.sampled_from([0.0, 1e-9, -1e6, 1e6, 0.02, float("nan")])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_signal_breaks_it(data: st.DataObject) -> None:
    rate_hz, n = data.draw(_RATES), data.draw(st.integers(1, N))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    signal_mv = rng.normal(0, data.draw(st.sampled_from([0.0, 1e-6, 0.3, 1e4])), n)
    for at in data.draw(st.lists(st.integers(0, n - 1), max_size=20)):
        signal_mv[at : at + 30] = data.draw(_EXTREMES)
    stretch = _stretch(
        signal_mv, rate_hz, lost=rng.random(n) < data.draw(st.sampled_from([0, 0.3]))
    )
    counts = Counts(n, n, int((~stretch.valid).sum()), (int(data.draw(st.integers(0, n))),))
    memory = BeatMemory()
    for _ in range(2):
        seen = quality([stretch], counts, Grid(0, rate_hz), memory)
        assert len(seen.seconds) == int(n / rate_hz)
        assert all(0.0 <= score <= 1.0 for score in (seen.score, *seen.seconds))
        assert seen.readable or seen.reasons
        assert np.isfinite(memory.shapes).all()


def _stretch(signal_mv: Samples, rate_hz: float, lost: np.ndarray) -> Stretch:
    detector = RPeakDetector(rate_hz)
    peaks = (*detector.push(signal_mv), *detector.flush())
    filtered = BandPass(rate_hz).push(signal_mv)
    return Stretch(rate_hz, 0.001, 0, filtered, ~lost, 0, len(signal_mv), (), tuple(peaks), None)
