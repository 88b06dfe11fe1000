import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from analysis.beats import BEAT_RATE_HZ, BEAT_SAMPLES, beat_stop, cut_beat

Samples = npt.NDArray[np.float64]


def heartbeats(rate_hz: float, seconds: float = 4.0, rr_s: float = 0.8) -> Samples:
    """An R peak of 1 mV and 25 ms at every multiple of ``rr_s``, each with a T wave."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = np.zeros_like(t)
    for at in np.arange(rr_s, seconds, rr_s):
        wave += np.exp(-(((t - at) / 0.025) ** 2)) + 0.2 * np.exp(-(((t - at - 0.25) / 0.06) ** 2))
    return wave


def cut(signal: Samples, r: int, next_r: int, rate_hz: float) -> npt.NDArray[np.float32]:
    beat = cut_beat(signal, r, next_r, rate_hz)
    assert beat is not None
    return beat


def test_a_beat_lasts_one_fifth_longer_than_the_rr_interval_then_zeros() -> None:
    beat = cut(heartbeats(125), 100, 200, 125)
    assert beat.shape == (BEAT_SAMPLES,)
    assert beat.dtype == np.float32
    assert beat[0] == 1.0
    assert beat[100] == pytest.approx(1.0, abs=1e-6), "the next R peak is in the crop"
    assert not beat[120:].any()
    assert beat.min() == 0.0


@given(gain=st.floats(0.01, 100), offset_mv=st.floats(-5, 5), seed=st.integers(0, 2**32 - 1))
def test_gain_and_offset_do_not_matter(gain: float, offset_mv: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.05, 500)
    signal = heartbeats(125) + noise
    beat = cut(signal, 100, 200, 125)
    np.testing.assert_allclose(cut(gain * signal + offset_mv, 100, 200, 125), beat, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [100, 200, 250, 257, 360, 500])
def test_the_sampling_rate_hardly_matters(rate_hz: float) -> None:
    r, next_r = round(0.8 * rate_hz), round(1.6 * rate_hz)
    beat = cut(heartbeats(rate_hz), r, next_r, rate_hz)
    reference = cut(heartbeats(125), 100, 200, 125)
    assert np.abs(beat[1:-1] - reference[1:-1]).max() < 0.08
    assert np.corrcoef(beat, reference)[0, 1] > 0.998


def test_what_lies_above_half_the_network_rate_is_filtered_out_before_resampling() -> None:
    rate_hz = 500
    tone = 0.2 * np.sin(2 * np.pi * 110 * np.arange(2000) / rate_hz)
    signal = heartbeats(rate_hz)
    difference = cut(signal + tone, 400, 800, rate_hz) - cut(signal, 400, 800, rate_hz)
    assert np.abs(difference[5:110]).max() < 0.05


@given(
    length=st.integers(0, 400),
    r=st.integers(-10, 400),
    rr=st.integers(-10, 400),
    rate_hz=st.sampled_from([100.0, 125.0, 250.0, 360.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_beat_is_187_numbers_from_0_to_1_or_none(
    length: int, r: int, rr: int, rate_hz: float, seed: int
) -> None:
    beat = cut_beat(np.random.default_rng(seed).normal(size=length), r, r + rr, rate_hz)
    if beat is not None:
        assert 0 <= r < beat_stop(r, r + rr, rate_hz) <= length
        assert beat.shape == (BEAT_SAMPLES,)
        assert beat.min() == 0.0
        assert beat.max() == 1.0


@given(rr=st.integers(20, 150), rate_hz=st.sampled_from([125.0, 250.0]))
def test_a_beat_can_be_cut_as_soon_as_the_signal_reaches_its_stop(rr: int, rate_hz: float) -> None:
    signal = heartbeats(rate_hz)
    r = round(0.8 * rate_hz)
    next_r = r + round(rr * rate_hz / BEAT_RATE_HZ)
    stop = beat_stop(r, next_r, rate_hz)
    assert cut_beat(signal[: stop - 1], r, next_r, rate_hz) is None
    early = cut(signal[:stop], r, next_r, rate_hz)
    np.testing.assert_array_equal(early, cut(signal, r, next_r, rate_hz))


def test_after_a_pause_the_crop_ends_at_187_samples() -> None:
    signal = heartbeats(125, seconds=10, rr_s=4)
    assert beat_stop(500, 1000, 125) == 500 + BEAT_SAMPLES
    assert cut(signal, 500, 1000, 125)[0] == 1.0


@pytest.mark.parametrize("level_mv", [0.0, -3.2])
def test_a_flat_crop_is_no_beat(level_mv: float) -> None:
    noise = np.random.default_rng(1).uniform(0, 0.0005, 500)
    assert cut_beat(level_mv + noise, 100, 200, 125) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_crop_that_is_not_finite_is_no_beat(bad: float) -> None:
    signal = heartbeats(125)
    signal[150] = bad
    assert cut_beat(signal, 100, 200, 125) is None


def test_two_detections_in_one_qrs_complex_are_no_beat() -> None:
    assert cut_beat(heartbeats(125), 100, 115, 125) is None


def test_resampling_first_or_last_gives_the_same_beat() -> None:
    """Training resamples whole records, serving may resample the crop."""
    whole = resample_poly(heartbeats(250), 1, 2)
    first = cut(whole, 100, 200, 125)
    last = cut(heartbeats(250), 200, 400, 250)
    assert np.abs(first[1:118] - last[1:118]).max() < 0.02
