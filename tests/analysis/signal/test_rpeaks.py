"""analysis.signal.rpeaks: known beats are found, and nothing but the signal's shape matters."""

import io
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.signal.rpeaks import RPeakDetector
from core.errors import Incorrect
from model.ec57 import Reference, Score, detect, read_lead, reference_beats, score_beats
from tests.analysis.synthetic import SINUS, VENTRICULAR, Floats, ecg, regular

RATE_HZ = 125.0
REPOSITORY = Path(__file__).parents[3]
MITDB = Path(os.environ.get("HISBUNDLE_MITDB", REPOSITORY.parent / "shared" / "data" / "mitdb"))


def found(x: npt.ArrayLike, rate_hz: float = RATE_HZ) -> list[int]:
    """All R peaks of a whole signal, pushed at once."""
    detector = RPeakDetector(rate_hz)
    return detector.push(x) + detector.flush()


def with_moved_state(detector: RPeakDetector) -> RPeakDetector:
    """Another detector with the same state, moved through a file's bytes."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **detector.dump())
    file.seek(0)
    moved = RPeakDetector(RATE_HZ)
    with np.load(file, allow_pickle=False) as state:
        moved.load(dict(state))
    return moved


@pytest.mark.parametrize("rate_hz", [125.0, 180.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("interval_s", [0.35, 0.8, 1.6])
def test_finds_every_beat_at_its_place(rate_hz: float, interval_s: float) -> None:
    beats_s = regular(60, interval_s)
    peaks_s = np.array(found(ecg(rate_hz, 60, beats_s), rate_hz)) / rate_hz
    assert len(peaks_s) == len(beats_s)
    assert np.abs(peaks_s - beats_s).max() < 0.020
    assert abs(np.median(peaks_s - beats_s)) <= 0.008


def test_premature_ventricular_beats_do_not_hide_their_neighbours() -> None:
    beats_s = regular(120)
    beats_s[3::4] -= 0.25
    x = ecg(RATE_HZ, 120, beats_s, (SINUS, SINUS, SINUS, VENTRICULAR))
    assert score_beats(Reference(beats_s), detect(x, RATE_HZ)) == Score(len(beats_s), 0, 0)


def test_tall_t_waves_are_not_beats() -> None:
    tall_t = (*SINUS[:4], (1.0, 0.27, 0.04))
    beats_s = regular(60, 0.9)
    assert len(found(ecg(RATE_HZ, 60, beats_s, (tall_t,)))) == len(beats_s)


@pytest.mark.parametrize("gain", [1e-3, -1e-3, 0.05, -1.0, 50.0, 1e3, -1e3])
def test_gain_and_polarity_change_nothing(gain: float) -> None:
    x = ecg(RATE_HZ, 60, regular(60), (SINUS, SINUS, VENTRICULAR))
    assert found(gain * x) == found(x)


@given(cuts=st.lists(st.integers(0, 40 * 125), max_size=12), moved=st.sets(st.integers(0, 12)))
@settings(max_examples=30, deadline=None)
def test_chunk_borders_change_nothing(cuts: list[int], moved: set[int]) -> None:
    quiet = ecg(RATE_HZ, 20, regular(20), (SINUS, VENTRICULAR), noise_mv=0.05)
    x = np.concatenate((quiet, 0.2 * quiet))
    detector, peaks = RPeakDetector(RATE_HZ), []
    for k, chunk in enumerate(np.split(x, sorted(cuts))):
        if k in moved:
            detector = with_moved_state(detector)
        peaks += detector.push(chunk)
    assert peaks + detector.flush() == found(x)


def test_sample_by_sample_as_at_once() -> None:
    x = ecg(RATE_HZ, 15, regular(15))
    assert detect(x, RATE_HZ, chunk=1).tolist() == detect(x, RATE_HZ, chunk=len(x)).tolist()


@given(
    x=arrays(np.float64, st.integers(0, 2500), elements=st.floats(width=64)),
    rate_hz=st.sampled_from([125.0, 250.0, 360.0, 500.0]),
)
@settings(max_examples=60, deadline=None)
def test_nothing_raises_and_peaks_lie_in_the_signal(x: Floats, rate_hz: float) -> None:
    detector = RPeakDetector(rate_hz)
    peaks = [peak for chunk in np.array_split(x, 7) for peak in detector.push(chunk)]
    peaks += detector.flush()
    assert all(0 <= peak < len(x) for peak in peaks)
    assert all(a < b for a, b in pairwise(peaks))


@pytest.mark.parametrize("level_mv", [0.0, 5.0, -300.0, np.nan, np.inf, 1e300])
def test_a_flat_line_has_no_beats(level_mv: float) -> None:
    assert found(np.full(60 * 125, level_mv)) == []


@pytest.mark.parametrize("noise_mv", [0.0, 0.002])
def test_standstill_is_not_filled_with_noise(noise_mv: float) -> None:
    x = ecg(RATE_HZ, 90, regular(30), noise_mv=noise_mv)
    assert max(found(x)) < 30 * RATE_HZ


def test_samples_that_are_missing_count_as_held() -> None:
    x = ecg(RATE_HZ, 30, regular(30))
    holes, held = x.copy(), x.copy()
    holes[1000:1010], held[1000:1010] = np.nan, x[999]
    assert found(holes) == found(held)


@pytest.mark.parametrize("spike_mv", [30.0, -1e5])
def test_an_artefact_at_the_start_hides_few_beats(spike_mv: float) -> None:
    beats_s = regular(60)
    x = ecg(RATE_HZ, 60, beats_s)
    x[:3] += spike_mv
    score = score_beats(Reference(beats_s), detect(x, RATE_HZ))
    assert score.fn <= 3
    assert score.fp <= 3


@pytest.mark.parametrize("change", [0.1, 0.3, 3.0, 10.0])
def test_beats_of_another_height_are_found_again(change: float) -> None:
    beats_s = regular(90)
    x = ecg(RATE_HZ, 90, beats_s, noise_mv=0.005)
    x[30 * 125 :] *= change
    late = Reference(beats_s[beats_s > 41.6])
    peaks_s = detect(x, RATE_HZ)
    assert score_beats(late, peaks_s[peaks_s > 41.6]) == Score(len(late.beats_s), 0, 0)


def test_a_short_segment_tells_its_beats_at_the_end() -> None:
    detector = RPeakDetector(RATE_HZ)
    assert detector.push(ecg(RATE_HZ, 2.2, [0.5, 1.3])) == []
    assert detector.flush() == pytest.approx([62, 162], abs=2)


@pytest.mark.parametrize("rate_hz", [100.0, 124.9, 125.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("interval_s", [0.24, 0.8, 3.0])
def test_beats_are_told_within_half_a_second(rate_hz: float, interval_s: float) -> None:
    waves = (SINUS if interval_s > 0.4 else SINUS[1:4],)
    x = ecg(rate_hz, 30, np.arange(0.4, 29, interval_s), waves)
    detector, told = RPeakDetector(rate_hz), 0
    for begin in range(0, len(x), 5):
        for peak in detector.push(x[begin : begin + 5]):
            told += begin > 6 * rate_hz
            assert begin - peak < 0.5 * rate_hz or begin < 6 * rate_hz
    assert told >= 22 / interval_s - 1


def test_nothing_is_told_of_what_is_settled() -> None:
    x = np.concatenate([k * ecg(RATE_HZ, 20, regular(20), (SINUS, VENTRICULAR)) for k in (1, 0.2)])
    detector, settled = RPeakDetector(RATE_HZ), 0
    for begin in range(0, len(x), 40):
        assert all(peak >= settled for peak in detector.push(x[begin : begin + 40]))
        assert detector.settled >= settled
        settled = detector.settled
        assert settled >= begin + 40 - 10.5 * RATE_HZ


def with_dead_lines(beats: int, dead_s: float) -> Floats:
    """Beats, and then a line that not even noise moves, again and again."""
    t = np.arange(round(0.8 * beats * RATE_HZ)) / RATE_HZ
    waves = np.exp(-0.5 * (((t % 0.8) - 0.4) / 0.012) ** 2)
    return np.tile(np.concatenate((waves, np.zeros(round(dead_s * RATE_HZ)))), 3)


@pytest.mark.parametrize("beats", [1, 3, 12])
def test_nothing_stays_undecided_on_a_dead_line(beats: int) -> None:
    x, detector, told = with_dead_lines(beats, 60.0), RPeakDetector(RATE_HZ), []
    for begin in range(0, len(x), 50):
        told += detector.push(x[begin : begin + 50])
        assert detector.settled >= min(begin + 50, len(x)) - 10.5 * RATE_HZ
    assert len(told) == 3 * beats
    assert detector.flush() == []


@given(
    beats=st.integers(1, 6),
    dead_s=st.floats(0.0, 15.0),
    cuts=st.lists(st.integers(0, 70 * 125), max_size=20),
)
@settings(max_examples=40, deadline=None)
def test_chunk_borders_change_nothing_on_dead_lines(
    beats: int, dead_s: float, cuts: list[int]
) -> None:
    x, detector = with_dead_lines(beats, dead_s), RPeakDetector(RATE_HZ)
    peaks = [peak for chunk in np.split(x, sorted(cuts)) for peak in detector.push(chunk)]
    assert peaks + detector.flush() == found(x)


@pytest.mark.parametrize("rate_hz", [0.0, 50.0, 2000.0, np.nan])
def test_impossible_rates_are_refused(rate_hz: float) -> None:
    with pytest.raises(Incorrect):
        RPeakDetector(rate_hz)


def annotated(record: str, rate_hz: float) -> tuple[Floats, Reference]:
    """Five minutes of a real record where the database is at hand, else a made-up likeness."""
    if (MITDB / f"{record}.hea").exists():
        reference = reference_beats(MITDB / record, 300)
        assert reference is not None
        return read_lead(MITDB / record, rate_hz)[: round(300 * rate_hz)], reference
    waves = (SINUS,) if record == "100" else (SINUS, VENTRICULAR, SINUS)
    beats_s = regular(300)
    return ecg(rate_hz, 300, beats_s, waves, noise_mv=0.03), Reference(beats_s)


@pytest.mark.parametrize("rate_hz", [125.0, 360.0])
@pytest.mark.parametrize(("record", "least"), [("100", 0.995), ("208", 0.97)])
def test_recorded_beats_are_found(record: str, least: float, rate_hz: float) -> None:
    x, reference = annotated(record, rate_hz)
    score = score_beats(reference, detect(x, rate_hz))
    assert score.sensitivity >= least
    assert score.positive_predictivity >= least
