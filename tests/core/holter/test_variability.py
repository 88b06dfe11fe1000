"""HRV against the same figures by NumPy over all intervals at once."""

from dataclasses import replace

import numpy as np
import pytest

from core.ecg import SAMPLES_PER_STRIP, Beat, BeatClass, Hrv, StripFinding
from core.holter.strip import digest
from core.holter.summary import holter, median
from core.holter.variability import Spectra, spectra
from tests.core.holter.samples import RATE_HZ, session


def test_against_numpy() -> None:
    strips = 150
    random = np.random.default_rng(3)
    peaks = np.cumsum(random.integers(80, 120, strips * SAMPLES_PER_STRIP // 80))
    found: list[StripFinding] = []
    for strip in session(strips, named=False):
        first = strip.first_sample
        mine = peaks[(peaks >= first) & (peaks < first + SAMPLES_PER_STRIP)]
        beats = tuple(Beat(int(peak), 0.0, BeatClass.NORMAL) for peak in mine)
        found.append(replace(strip, beats=beats, n_missing=0, quality=found[0].quality
                     if found else strip.quality))  # fmt: skip
    told = holter(digest(found), 0).variability
    assert told is not None
    nn_ms = np.diff(peaks[peaks < strips * SAMPLES_PER_STRIP]) * 1000 / RATE_HZ
    assert told.intervals == len(nn_ms)
    assert told.mean_ms == pytest.approx(nn_ms.mean())
    assert told.sdnn_ms == pytest.approx(nn_ms.std(ddof=1))
    steps = np.diff(nn_ms)
    # Those across a border are left out: about one in fifteen.
    assert told.rmssd_ms == pytest.approx(np.sqrt(np.mean(steps**2)), rel=0.05)
    assert told.pnn50_percent == pytest.approx(100 * np.mean(np.abs(steps) > 50), rel=0.1)
    assert told.sdann_ms is not None
    assert told.sdnn_index_ms == pytest.approx(nn_ms.std(ddof=1), rel=0.05)
    assert told.sdann_ms < told.sdnn_ms


def test_a_short_recording_has_none() -> None:
    assert holter(digest(session(5)), 0).variability is None


def test_ectopic_beats_are_left_out() -> None:
    found = session(60)
    only = holter(digest(found), 0).variability
    assert only is not None
    assert only.intervals < holter(digest(session(60, named=False)), 0).sums.beats


def test_the_median_of_bins() -> None:
    assert median(()) is None
    assert median(((400, 1), (410, 1), (430, 3))) == 430
    assert median(((400, 2), (410, 2))) == 400


def test_spectra_are_medians_over_the_windows_that_have_one() -> None:
    one = Hrv(350, 800.0, 40.0, 30.0, 0.1, 900.0, 400.0, 200.0)
    without, flat = Hrv(90, 800.0, 40.0, 30.0, 0.1), replace(one, hf_ms2=0.0)
    assert spectra([without]) is None
    assert spectra([flat]) == Spectra(1, 400.0, 0.0, None)
    found = spectra([one, without, replace(one, lf_ms2=600.0), replace(one, hf_ms2=300.0)])
    assert found == Spectra(3, 400.0, 200.0, 2.0)
