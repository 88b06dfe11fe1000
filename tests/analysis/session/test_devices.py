"""The pipeline with every device's rate, and with artefacts that the detector has to live down."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signal.rpeaks import RPeakDetector
from core.alerts import AlertKind
from core.chunk import MAX_SAMPLE_INDEX
from core.ecg import RefusalReason
from simulator.rhythm import Rhythm
from tests.analysis.chunks import Run, Samples, chunks_of, rhythm_mv, run

FAST = AlertKind.TACHYCARDIA


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize(
    ("rhythm", "per_min", "alert"),
    [
        (Rhythm.BRADYCARDIA, 40, AlertKind.BRADYCARDIA),
        (Rhythm.SINUS, 70, None),
        (Rhythm.TACHYCARDIA, 145, AlertKind.TACHYCARDIA),
    ],
)
def test_a_rate_and_its_alert_at_every_sampling_rate(
    rate_hz: float, rhythm: Rhythm, per_min: float, alert: AlertKind | None
) -> None:
    found = run(rhythm_mv(rhythm, 60, rate_hz), rate_hz)
    rates = [strip.rate.heart_rate_per_min for strip in found.strips if strip.rate is not None]
    assert len(rates) >= len(found.strips) - 2  # the first may lack a third beat, as may the last
    assert abs(np.mean(rates) - per_min) < 1
    # What the network makes of drawn beats is no matter of the rate.
    drawn = {AlertKind.ABNORMAL_BEATS, AlertKind.VENTRICULAR_RUN}
    kinds = {kind for kind, _ in found.alerts} - drawn
    assert kinds == ({alert} if alert else set())


def test_looking_back_at_500_hz_survives_a_restart_to_the_last_digit() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.BRADYCARDIA, 30, 500.0), 500.0)
    stuttering = Run()
    for chunk in chunks:
        stuttering.push([chunk]).store_and_load()
    assert stuttering.end().strips == Run().push(chunks).end().strips


def test_no_rate_is_carried_into_a_standstill() -> None:
    signal_mv = rhythm_mv(Rhythm.SINUS, 40, 500.0)
    signal_mv[10_000:] = 0.012 * np.random.default_rng(3).standard_normal(10_000)
    still = [s for s in run(signal_mv, 500.0).strips if s.first_sample >= 10_000]
    assert len(still) >= 5
    assert [s for s in still if s.rate is not None or s.quality.readable] == []
    assert {s.quality.reasons for s in still} == {(RefusalReason.NO_BEATS,)}
    assert all(s.quality.is_sound for s in still)


def test_an_alert_never_ends_before_it_begins_though_the_clock_is_set_back() -> None:
    signal_mv = np.concatenate((rhythm_mv(Rhythm.TACHYCARDIA, 60), rhythm_mv(Rhythm.SINUS, 60)))
    hour_us = 3_600_000_000
    chunks = [
        (seq, replace(content, t0_us=content.t0_us - (hour_us if seq >= 40 else 0)))
        for seq, content in chunks_of(signal_mv)
    ]
    (alert,) = [a for (kind, _), a in Run().push(chunks).alerts.items() if kind is FAST]
    assert alert.closed_at is not None
    assert alert.closed_at > alert.opened_at


@pytest.mark.parametrize("jump", [2**61, 2**40, 10**12])
def test_no_jump_of_the_sample_number_leads_out_of_time(jump: int) -> None:
    chunks = [
        (seq, replace(content, t0_us=0, sample_index=content.sample_index + (jump if seq else 0)))
        for seq, content in chunks_of(rhythm_mv(Rhythm.SINUS, 40))
        if content.sample_index + jump <= MAX_SAMPLE_INDEX or not seq
    ]
    for strip in Run().push(chunks).end().strips:
        assert strip.started_at.year <= 2100


def with_artefact(at_s: float, height_mv: float, gain: float) -> Samples:
    """A heartbeat, then a blow to the electrode, then a heartbeat much smaller than before."""
    signal_mv = rhythm_mv(Rhythm.SINUS, 60)
    at = round(at_s * 125)
    signal_mv[at:] *= gain
    signal_mv[at : at + 25] += height_mv * np.hanning(25)
    return signal_mv


@settings(max_examples=15, deadline=None)
@given(st.floats(12.5, 30.0), st.floats(0.0, 30.0), st.floats(0.05, 1.0), st.integers(1, 9))
def test_beats_that_the_detector_tells_late_are_in_their_strips(
    at_s: float, height_mv: float, gain: float, batch: int
) -> None:
    chunks = chunks_of(with_artefact(at_s, height_mv, gain))
    found = Run()
    for first in range(0, len(chunks), batch):
        found.push(chunks[first : first + batch]).store_and_load()
    seen_mv = np.concatenate([content.samples[: content.n_valid] for _, content in chunks]) * 1e-3
    detector = RPeakDetector(125.0)
    assert found.end().beats == [*detector.push(seen_mv), *detector.flush()]
