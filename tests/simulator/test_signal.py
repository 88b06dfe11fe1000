from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkFlag
from core.errors import Incorrect, NotFound
from simulator.framer import Framer, quantise
from simulator.record import read_record, resample
from simulator.rhythm import PLANS, Rhythm
from simulator.source import Simulation, source
from simulator.synthetic import synthetic


def line(rhythm: Rhythm, seconds: float, rate_hz: float = 125.0) -> np.ndarray:
    plan = Simulation("", "", Path(), rhythm=rhythm, seconds=seconds, rate_hz=rate_hz)
    blocks, _ = source(plan)
    return np.concatenate(list(blocks))


@pytest.mark.parametrize(
    ("rhythm", "low", "high"),
    [
        (Rhythm.SINUS, 65, 75),
        (Rhythm.BRADYCARDIA, 36, 45),
        (Rhythm.TACHYCARDIA, 135, 155),
        (Rhythm.BIGEMINY, 65, 75),
    ],
)
def test_a_rhythm_has_its_rate(rhythm: Rhythm, low: float, high: float) -> None:
    beats = list(islice(PLANS[rhythm](np.random.default_rng(1)), 200))
    assert low < 60 / np.mean([beat.rr_s for beat in beats]) < high


def test_bigeminy_alternates_and_fibrillation_has_no_p_wave() -> None:
    rng = np.random.default_rng(2)
    alternating = [beat.ventricular for beat in islice(PLANS[Rhythm.BIGEMINY](rng), 20)]
    assert alternating == [False, True] * 10
    assert not any(beat.p_wave for beat in islice(PLANS[Rhythm.ATRIAL_FIBRILLATION](rng), 50))


def test_pause_is_a_pause() -> None:
    beats = islice(PLANS[Rhythm.PAUSE](np.random.default_rng(3)), 60)
    assert max(beat.rr_s for beat in beats) >= 3.0


@pytest.mark.parametrize("rhythm", list(Rhythm))
def test_a_synthetic_signal_is_plausible_and_repeats_with_its_seed(rhythm: Rhythm) -> None:
    first, again = line(rhythm, 70), line(rhythm, 70)
    np.testing.assert_array_equal(first, again)
    assert len(first) == 70 * 125
    assert np.nanmax(np.abs(first)) < 8
    assert np.isnan(first).any() == (rhythm is Rhythm.LEAD_OFF)


def test_r_peaks_stand_where_the_plan_puts_them() -> None:
    beats = list(islice(PLANS[Rhythm.SINUS](np.random.default_rng(0)), 40))
    signal = np.concatenate(list(islice(synthetic(Rhythm.SINUS, 250.0, 0), 40)))
    at_s = 0.7
    for beat in beats[:30]:
        index = round(at_s * 250)
        assert abs(int(np.argmax(signal[index - 25 : index + 25])) - 25) <= 2
        at_s += beat.rr_s


def test_resampling_keeps_the_band_and_removes_what_would_fold() -> None:
    time_s = np.arange(3600) / 360
    kept = resample(np.sin(2 * np.pi * 10 * time_s), 360, 125)
    folded = resample(np.sin(2 * np.pi * 100 * time_s), 360, 125)
    assert len(kept) == 1250
    assert np.std(kept[100:-100]) == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert np.std(folded[100:-100]) < 0.01


def test_a_missing_record_and_a_missing_channel_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no WFDB record"):
        read_record(tmp_path / "none", 125.0)


@pytest.mark.parametrize("header", ["", "bad", "bad 1 360 100\n", "bad x y z\n\x00"])
def test_a_damaged_record_is_named(header: str, tmp_path: Path) -> None:
    (tmp_path / "bad.hea").write_text(header)
    with pytest.raises(Incorrect, match="record bad"):
        read_record(tmp_path / "bad", 125.0)


def test_a_record_round_trips_through_wfdb(tmp_path: Path) -> None:
    import wfdb

    signal = np.sin(np.arange(720) / 20)[:, None]
    wfdb.wrsamp(
        "own",
        fs=360,
        units=["mV"],
        sig_name=["I"],
        p_signal=signal,
        fmt=["16"],
        write_dir=str(tmp_path),
    )
    recording = read_record(tmp_path / "own.hea", 360.0)
    np.testing.assert_allclose(recording.samples_mv, signal[:, 0], atol=1e-3)
    with pytest.raises(Incorrect, match="channels 0 to 0"):
        read_record(tmp_path / "own", 360.0, channel=1)


def test_an_endless_patient_cannot_outrun_the_clock() -> None:
    with pytest.raises(Incorrect, match="length in seconds"):
        source(Simulation("", "", Path(), speed=8.0))


def test_framer_cuts_counts_and_times() -> None:
    framer = Framer(125.0, 1_000_000)
    bodies = framer.push(np.zeros(400))
    bodies += framer.push(np.zeros(200)) + framer.flush()
    assert [body.n_valid for body in bodies] == [187, 187, 187, 39]
    assert [body.sample_index for body in bodies] == [0, 187, 374, 561]
    assert [body.t0_us for body in bodies] == [1_000_000, 2_496_000, 3_992_000, 5_488_000]
    assert (bodies[-1].samples[39:] == INVALID_SAMPLE).all()
    assert framer.flush() == []


def test_framer_flags_what_went_wrong() -> None:
    framer = Framer(125.0, 0)
    lead_off = framer.push(np.full(SAMPLES_PER_CHUNK, np.nan))[0]
    assert ChunkFlag.LEAD_OFF_PLUS in lead_off.flags
    assert ChunkFlag.CLOCK_UNSYNCED in lead_off.flags
    assert lead_off.t0_us == 0
    framer.skip(500)
    after = framer.push(np.full(SAMPLES_PER_CHUNK, 99.0))[0]
    assert after.sample_index == SAMPLES_PER_CHUNK + 500
    assert ChunkFlag.GAP_BEFORE in after.flags
    assert ChunkFlag.SATURATED in after.flags


def test_what_was_held_before_a_gap_is_not_told_as_after_it() -> None:
    framer = Framer(125.0, 0)
    assert framer.push(np.full(100, 1.0)) == []
    assert framer.skip(500) == 600
    after = framer.push(np.full(SAMPLES_PER_CHUNK, 2.0))[0]
    assert after.sample_index == 600
    assert (after.samples == 2000).all()


def test_quantised_millivolts_come_back_within_half_a_code() -> None:
    samples_mv = np.linspace(-5, 5, 1001)
    codes = quantise(samples_mv, 732)
    assert np.abs(codes * 732e-6 - samples_mv).max() <= 366e-6 + 1e-12
