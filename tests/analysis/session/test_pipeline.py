"""The pipeline: equal results however the chunks come, gaps, partial strips, times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.session.resume import dump, load, version
from analysis.session.state import pack, unpack
from core.alerts import Alert, AlertKind
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkFlag
from core.ecg import SAMPLES_PER_STRIP, RefusalReason, StripFinding
from core.errors import Incorrect
from simulator.rhythm import Rhythm
from tests.analysis.chunks import (
    MODEL,
    POLICY,
    RECEIVED_US,
    T0_US,
    Chunk,
    Run,
    all_normal,
    body,
    chunks_of,
    rhythm_mv,
    run,
)

SIGNAL_MV = np.concatenate(
    (rhythm_mv(Rhythm.BIGEMINY, 40), rhythm_mv(Rhythm.PAUSE, 30), rhythm_mv(Rhythm.NOISE, 14))
)
CHUNKS = chunks_of(SIGNAL_MV)


def eventful() -> list[Chunk]:
    """Chunks of a session in which everything goes wrong once."""
    chunks = list(CHUNKS)
    off = np.array([1, 2, INVALID_SAMPLE] * 62 + [5], dtype=np.int16)
    chunks[9] = (9, replace(chunks[9][1], samples=off))  # leads off in between
    for seq in (17, 18):  # leads off throughout
        chunks[seq] = (seq, replace(chunks[seq][1], flags=ChunkFlag.LEAD_OFF_PLUS))
    chunks[24] = (24, replace(chunks[24][1], n_valid=100))
    chunks[25] = (25, replace(chunks[25][1], t0_us=0))
    chunks[26] = (26, replace(chunks[26][1], nv_per_lsb=2000))
    chunks[37] = (37, replace(chunks[37][1], sample_index=7))  # where samples were before
    chunks[44] = (44, replace(chunks[44][1], rate_centihz=50))  # no such ECG
    return [chunk for chunk in chunks if chunk[0] not in (32, 33)]  # lost


EVENTFUL = eventful()


def once(chunks: list[Chunk]) -> tuple[list[StripFinding], dict[tuple[AlertKind, int], Alert]]:
    whole = Run().push(chunks).end()
    return whole.strips, whole.alerts


WHOLE, WHOLE_ALERTS = once(EVENTFUL)

cuts = st.lists(st.integers(0, len(EVENTFUL)), max_size=12)


@settings(max_examples=25, deadline=None)
@given(cuts, st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12)), st.integers(0, 30))
def test_batches_restarts_duplicates_and_early_ends_change_no_digit(
    cuts: list[int], restarts: set[int], ends: set[int], repeated: int
) -> None:
    stuttering = Run()
    for i, (first, stop) in enumerate(pairwise([0, *sorted(cuts), len(EVENTFUL)])):
        stuttering.push(EVENTFUL[max(0, first - repeated) : stop])
        if i in restarts:
            stuttering.store_and_load()
        if i in ends:
            stuttering.end()
    stuttering.end()
    assert stuttering.strips == WHOLE
    assert stuttering.alerts == WHOLE_ALERTS


def test_every_strip_is_told_once_and_soon() -> None:
    told: list[tuple[int, int]] = []
    pipeline = Run().pipeline
    for seq, content in chunks_of(rhythm_mv(Rhythm.SINUS, 120)):
        pipeline.push(seq, content, RECEIVED_US)
        outcome = pipeline.resolve(all_normal(len(pipeline.crops)))
        told += [(finding.strip_index, seq) for finding in outcome.findings]
    assert [strip_index for strip_index, _ in told] == list(range(len(told)))
    assert all(seq <= strip_index * 8 + 9 for strip_index, seq in told)  # within 3 s of its end


def test_a_clean_signal_is_read_beat_by_beat() -> None:
    strips = run(rhythm_mv(Rhythm.SINUS, 90)).strips
    assert len(strips) == 8
    for strip in strips[:-1]:
        assert strip.quality.readable
        assert strip.quality.score > 0.9
        assert strip.n_samples == SAMPLES_PER_STRIP
        assert strip.n_missing == 0
        assert strip.rate is not None
        assert strip.spectrum is not None
        assert strip.rate.heart_rate_per_min == pytest.approx(len(strip.beats) * 60 / 11.968, abs=7)
        assert all(beat.abnormal_probability is not None for beat in strip.beats)
        indices = [beat.sample_index for beat in strip.beats]
        assert all(strip.first_sample <= i < strip.first_sample + 1496 for i in indices)


def test_beats_and_intervals_ignore_strip_borders() -> None:
    signal_mv = rhythm_mv(Rhythm.SINUS, 60)
    strips = run(signal_mv).strips
    beats = [beat.sample_index for strip in strips for beat in strip.beats]
    assert beats == sorted(set(beats))
    assert max(np.diff(beats)) < 1.4 * min(np.diff(beats))
    for before, strip in pairwise(strips[:5]):
        first_rr_ms = 8 * (strip.beats[0].sample_index - before.beats[-1].sample_index)
        assert strip.rate is not None
        assert strip.rate.rr_min_ms <= first_rr_ms <= strip.rate.rr_max_ms


def test_no_beat_and_no_interval_straddles_a_gap() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 48))
    broken = Run().push(chunks[:12] + chunks[14:]).end()
    strip = broken.findings[1]
    assert strip.n_missing == 2 * SAMPLES_PER_CHUNK
    assert RefusalReason.GAP in strip.quality.reasons
    assert strip.quality.readable
    assert strip.rate is not None
    assert strip.rate.rr_max_ms < 1500
    border = 12 * SAMPLES_PER_CHUNK
    last = [beat for beat in strip.beats if beat.sample_index < border][-1]
    assert last.abnormal_probability is None
    assert not any(0 <= beat - border < 2 * SAMPLES_PER_CHUNK for beat in broken.beats)


def test_a_jump_of_the_sample_index_is_a_gap_without_lost_numbers() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 60))
    shift = 10 * SAMPLES_PER_STRIP
    later = [
        (seq, replace(content, sample_index=content.sample_index + shift))
        for seq, content in chunks[20:]
    ]
    strips = Run().push(chunks[:20] + later).end().findings
    assert sorted(strips) == [0, 1, 2, 12, 13, 14, 15]
    assert strips[2].n_missing == SAMPLES_PER_STRIP - 4 * SAMPLES_PER_CHUNK
    assert strips[12].n_missing == 4 * SAMPLES_PER_CHUNK


def test_a_partial_strip_is_told_at_the_end_and_again_when_it_is_complete() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 60))
    session = Run().push(chunks[:12]).end()
    assert session.findings[1].n_samples == 4 * SAMPLES_PER_CHUNK
    assert session.findings[1].n_missing == 0
    session.push(chunks[12:]).end()
    assert session.strips == Run().push(chunks).end().strips


def test_the_last_beat_has_no_successor() -> None:
    *_, last = run(rhythm_mv(Rhythm.SINUS, 24)).strips[1].beats
    assert last.abnormal_probability is None


def test_times_follow_the_device() -> None:
    strips = run(rhythm_mv(Rhythm.SINUS, 40)).strips
    began = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=T0_US)
    assert [strip.started_at for strip in strips[:3]] == [
        began + timedelta(seconds=11.968 * k) for k in range(3)
    ]
    assert all(strip.clock_synced for strip in strips)


def test_an_unsynchronised_clock_is_used_and_marked() -> None:
    chunks = [
        (seq, replace(content, flags=ChunkFlag.CLOCK_UNSYNCED))
        for seq, content in chunks_of(rhythm_mv(Rhythm.SINUS, 20))
    ]
    strip = Run().push(chunks).end().strips[0]
    assert strip.started_at.timestamp() == T0_US / 1e6
    assert not strip.clock_synced


def test_an_unset_clock_is_made_up_for_by_another_chunk_of_the_session() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 40))
    without = [(seq, replace(content, t0_us=0)) for seq, content in chunks]
    expected = run(rhythm_mv(Rhythm.SINUS, 40)).strips
    for known in (3, 9):  # before it is needed, and after the strip's beginning
        some = [*without[:known], chunks[known], *without[known + 1 :]]
        assert Run().push(some).end().strips[1:] == expected[1:]


def test_without_any_clock_the_first_reception_counts() -> None:
    strips = Run().push(chunks_of(rhythm_mv(Rhythm.SINUS, 40), clock=False)).end().strips
    assert [strip.started_at.timestamp() for strip in strips[:2]] == [
        pytest.approx(RECEIVED_US / 1e6 - 1.496),
        pytest.approx(RECEIVED_US / 1e6 - 1.496 + 11.968),
    ]
    assert not any(strip.clock_synced for strip in strips)


def test_leads_off_are_neither_signal_nor_beats() -> None:
    signal_mv = rhythm_mv(Rhythm.SINUS, 60)
    signal_mv[2000:4000] = np.nan
    off = run(signal_mv)
    assert [strip.n_missing for strip in off.strips[:4]] == [0, 2992 - 2000, 1008, 0]
    assert RefusalReason.LEAD_OFF in off.findings[1].quality.reasons
    assert not any(2005 < beat < 4000 for beat in off.beats)
    assert off.findings[3].quality.readable
    assert off.findings[2].rate is None or off.findings[2].rate.rr_max_ms < 1500
    assert (AlertKind.LEAD_OFF, 1) in off.alerts


def test_leads_off_reported_by_flag_alone_mark_the_whole_chunk() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 12))
    chunks[3] = (3, replace(chunks[3][1], flags=ChunkFlag.LEAD_OFF_MINUS))
    assert Run().push(chunks).end().strips[0].n_missing == SAMPLES_PER_CHUNK


def test_an_unreadable_strip_has_beats_but_neither_rate_nor_probabilities() -> None:
    for strip in run(rhythm_mv(Rhythm.NOISE, 40)).strips[:3]:
        assert not strip.quality.readable
        assert strip.quality.reasons == (RefusalReason.NOISE,)
        assert strip.rate is None
        assert strip.spectrum is None
        assert all(beat.abnormal_probability is None for beat in strip.beats)


def test_a_flat_line_is_flat() -> None:
    strips = run(np.full(2 * SAMPLES_PER_STRIP, 0.7)).strips
    assert {strip.quality.reasons for strip in strips} == {(RefusalReason.FLAT,)}
    assert not any(strip.beats for strip in strips)


def test_strips_go_on_and_the_state_stays_small_where_a_line_goes_dead() -> None:
    signal_mv = np.concatenate((rhythm_mv(Rhythm.SINUS, 31), np.full(60 * 125, 0.3)))
    session, sizes = Run(), []
    for seq, content in chunks_of(signal_mv):
        sizes.append(len(dump(session.push([(seq, content)]).pipeline)))
        assert session.pipeline.line.first_unread >= (content.sample_index - 1500) // 1496
    assert max(sizes) < 30_000
    assert [s.quality.reasons for s in session.strips[4:6]] == [(RefusalReason.FLAT,)] * 2


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0, 500.0])
def test_other_rates(rate_hz: float) -> None:
    strips = run(rhythm_mv(Rhythm.SINUS, 40, rate_hz), rate_hz).strips
    rates = [s.rate.heart_rate_per_min for s in strips[:-1] if s.rate is not None]
    assert len(strips) == -(-round(40 * rate_hz) // SAMPLES_PER_STRIP)
    assert len(rates) >= len(strips) // 2  # three seconds at 500 Hz may hold too few beats
    assert np.median(rates) == pytest.approx(75, abs=15)


def test_a_change_of_rate_begins_anew() -> None:
    first = chunks_of(rhythm_mv(Rhythm.SINUS, 24))
    begin = (first[-1][1].sample_index + SAMPLES_PER_CHUNK) * 1
    later = [
        (len(first) + seq, replace(content, sample_index=begin + content.sample_index))
        for seq, content in chunks_of(rhythm_mv(Rhythm.SINUS, 24, 250.0), 250.0)
    ]
    strips = Run().push(first + later).end().strips
    assert {strip.rate_hz for strip in strips} == {125.0, 250.0}
    for strip in strips:
        if strip.rate is not None:
            assert 50 < strip.rate.heart_rate_per_min < 110


def test_a_session_that_begins_late_or_empty() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 40))
    session = Run().push([*chunks[13:], (99, body([], 10**6))]).end()
    assert min(session.findings) == 1
    assert session.findings[1].n_missing == 5 * SAMPLES_PER_CHUNK
    assert session.findings[1].started_at == run(rhythm_mv(Rhythm.SINUS, 40)).strips[1].started_at


def test_a_chunk_that_does_not_open_is_a_gap() -> None:
    chunks = chunks_of(rhythm_mv(Rhythm.SINUS, 40))
    session = Run()
    session.push(chunks[:12])
    session.pipeline.push(12, None, RECEIVED_US)
    session.push(chunks[13:]).end()
    assert session.strips == Run().push(chunks[:12] + chunks[13:]).end().strips
    assert session.pipeline.refused == 1


def test_what_a_model_says_that_is_no_probability_is_dropped() -> None:
    session = Run()
    for seq, content in chunks_of(rhythm_mv(Rhythm.SINUS, 16)):
        session.pipeline.push(seq, content, RECEIVED_US)
    nonsense = np.full((len(session.pipeline.crops), 5), np.nan, dtype=np.float32)
    told = session.pipeline.resolve(nonsense).findings
    assert told
    assert not any(beat.abnormal_probability for strip in told for beat in strip.beats)


def test_the_state_is_small() -> None:
    session = Run()
    assert max(len(dump(session.push([chunk]).pipeline)) for chunk in CHUNKS) < 30_000


def test_a_damaged_or_foreign_state_is_refused() -> None:
    state = dump(Run().push(CHUNKS[:9]).pipeline)
    for wrong in (b"", state[:-1], state[:50], b"XX" + state[2:], state[:-1] + b"?"):
        with pytest.raises(Incorrect):
            load(wrong, MODEL, POLICY)
    with pytest.raises(Incorrect, match="version"):
        load(state, MODEL, replace(POLICY, version="other"))


@pytest.mark.parametrize("at", range(11))
@pytest.mark.parametrize("bits", [1, 128, 255])
def test_no_decay_of_a_stored_state_goes_unseen(at: int, bits: int) -> None:
    state = bytearray(dump(Run().push(CHUNKS[:9]).pipeline))
    state[at] ^= bits
    with pytest.raises(Incorrect, match="damaged"):
        load(bytes(state), MODEL, POLICY)


@pytest.mark.parametrize("part", ["clock", "tallies", "memory", "segments", "alerts", "watch"])
def test_a_state_without_what_its_version_promises_is_refused(part: str) -> None:
    whole = unpack(dump(Run().push(CHUNKS[:9]).pipeline), version(POLICY))
    for spoilt in ({**whole, part: 7}, {k: v for k, v in whole.items() if k != part}):
        with pytest.raises(Incorrect, match="does not hold"):
            load(pack(version(POLICY), spoilt), MODEL, POLICY)
