"""Quality within a session: it gates no signal, and tells a silent heart from silent electrodes."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.session.resume import dump
from core.chunk import SAMPLES_PER_CHUNK
from core.ecg import SAMPLES_PER_STRIP, RefusalReason
from simulator.rhythm import Rhythm
from tests.analysis.chunks import Run, Samples, chunks_of, rhythm_mv, run

RNG = np.random.default_rng(17)


def after_sinus(signal_mv: Samples, rate_hz: float = 125.0) -> Run:
    """Half a minute of a healthy heart, then the signal."""
    sinus = rhythm_mv(Rhythm.SINUS, 36, rate_hz)
    return run(np.concatenate((sinus, signal_mv)), rate_hz)


def fibrillation(seconds: float, rate_hz: float) -> Samples:
    """Coarse ventricular fibrillation: waves of 4 to 6 Hz that never come twice alike."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    knots_s = np.arange(0, seconds + 1, 0.3)
    pace_hz = np.interp(time_s, knots_s, 5 + 1.5 * RNG.standard_normal(len(knots_s)))
    swell = np.interp(time_s, knots_s, RNG.uniform(0.1, 0.6, len(knots_s)))
    phase = 2 * np.pi * np.cumsum(pace_hz) / rate_hz
    return np.asarray(swell * np.sin(phase) + RNG.normal(0, 0.01, len(time_s)))


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 500.0])
def test_a_heart_that_stops_in_a_clean_signal_is_no_noise(rate_hz: float) -> None:
    stopped = 0.012 * RNG.standard_normal(round(36 * rate_hz))
    strips = after_sinus(stopped, rate_hz).strips
    silent = [s for s in strips[:-1] if s.first_sample >= 40 * rate_hz]
    assert silent
    assert {s.quality.reasons for s in silent} == {(RefusalReason.NO_BEATS,)}
    assert all(s.quality.is_sound and s.quality.score > 0.9 for s in silent)
    assert all(s.rate is None for s in silent)


def test_silent_electrodes_are_told_from_a_silent_heart() -> None:
    dead = after_sinus(np.zeros(36 * 125)).strips[4]
    off = after_sinus(np.full(36 * 125, np.nan)).strips[4]
    assert dead.quality.reasons == (RefusalReason.FLAT,)
    assert off.quality.reasons == (RefusalReason.LEAD_OFF,)
    assert not dead.quality.is_sound
    assert not off.quality.is_sound


@pytest.mark.parametrize("rate_hz", [125.0, 250.0])
def test_fibrillation_is_not_merely_noise_and_its_signal_is_still_looked_at(rate_hz: float) -> None:
    strips = after_sinus(fibrillation(48, rate_hz), rate_hz).strips
    wild = [s for s in strips[:-1] if s.first_sample >= 38 * rate_hz]
    assert {s.quality.reasons for s in wild} == {(RefusalReason.DISORGANISED,)}
    assert all(s.beats for s in wild)  # the detector ran, whatever quality says
    assert not any(beat.abnormal_probability for s in wild for beat in s.beats)


def test_quality_changes_nothing_of_what_detectors_see() -> None:
    """The same beats are found in the same signal, however bad quality calls its strips."""
    signal_mv = rhythm_mv(Rhythm.SINUS, 48)
    noisy_mv = signal_mv + RNG.normal(0, 0.25, len(signal_mv))
    whole = run(noisy_mv)
    assert not all(s.quality.readable for s in whole.strips)
    trusting = Run()
    for seq, body in chunks_of(noisy_mv):
        # As if every strip had been readable: the memory of beats is all that quality keeps.
        trusting.pipeline.memory.power_mv2 = 1e6
        trusting.push([(seq, body)])
    trusting.end()
    assert trusting.beats == whole.beats


def test_a_clock_that_is_set_is_told_and_silences_nothing() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 48))
    late = [
        (seq, replace(body, t0_us=body.t0_us + (2_000_000 if seq >= 12 else 0)))
        for seq, body in chunks
    ]
    strips = Run().push(late).end().strips
    assert [s.quality.reasons for s in strips[:3]] == [(), (RefusalReason.CLOCK_JUMP,), ()]
    assert all(s.quality.readable for s in strips[:3])
    assert strips[1].rate is not None


def test_a_slow_heart_at_a_high_rate_is_readable_once_it_is_known() -> None:
    strips = run(rhythm_mv(Rhythm.BRADYCARDIA, 40, 500.0), 500.0).strips
    assert all(s.quality.readable for s in strips[3:-1] if s.beats)


def test_saturated_seconds_are_counted_where_they_are() -> None:
    signal_mv = np.clip(rhythm_mv(Rhythm.SINUS, 12) * 1.0, -30, 30)
    signal_mv[400:420] = 32.767
    strip = run(signal_mv).strips[0]
    assert strip.quality.seconds[3] == 0.0
    assert RefusalReason.SATURATED not in strip.quality.reasons


def test_what_is_kept_of_beats_is_bounded() -> None:
    session = Run()
    sizes = [
        len(dump(session.push([chunk]).pipeline))
        for chunk in chunks_of(rhythm_mv(Rhythm.BIGEMINY, 90))
    ]
    kept = SAMPLES_PER_STRIP // SAMPLES_PER_CHUNK * 4
    assert max(sizes[-kept:]) < 28_500
