"""Rhythms out of beats: runs and patterns, rates, pauses, fibrillation; by table and by chance."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rhythm.mark import Mark, is_ventricular
from analysis.rhythm.tracker import episodes
from core.ecg import BeatClass, RhythmKind, RhythmSpan

RATE_HZ = 125.0
K = RhythmKind


def marks(classes: str, rr_s: float | list[float] = 0.8, p_alike: float = 0.9) -> list[Mark]:
    """A beat for each letter, "-" for no class, at the intervals given."""
    intervals = [rr_s] * len(classes) if isinstance(rr_s, float) else rr_s
    at = np.round(np.cumsum(intervals) * RATE_HZ).astype(int).tolist()
    found = [None, *intervals[1:]][: len(at)]
    kinds = [None if c == "-" else BeatClass(c) for c in classes]
    return [
        Mark(i, rr, kind, None, 0.9, p_alike) for i, rr, kind in zip(at, found, kinds, strict=True)
    ]


def of(kind: RhythmKind, beats: list[Mark]) -> list[RhythmSpan]:
    return [span for span in episodes(beats, RATE_HZ) if span.kind is kind]


@pytest.mark.parametrize(
    ("classes", "kind", "beats"),
    [
        ("NNNVVNNN", K.COUPLET, [2]),
        ("NNVNNNNVN", K.COUPLET, []),
        ("NNNVVVNNN", K.COUPLET, []),
        ("NNNVVVNNN", K.VENTRICULAR_RUN, [3]),
        ("NVVVNVVVV", K.VENTRICULAR_RUN, [3, 4]),
        ("NNVNVNVNNN", K.BIGEMINY, [5]),
        ("NNVNVNNN", K.BIGEMINY, []),
        ("NVNVNVNNVNNVNNVNNN", K.BIGEMINY, [5]),
        ("NVNVNVNNVNNVNNVNNN", K.TRIGEMINY, [10]),
        ("NVNNVNNVNN", K.TRIGEMINY, []),
        ("NVNVNVVVVNNN", K.VENTRICULAR_RUN, [4]),
        ("NNSSSNN", K.SUPRAVENTRICULAR_RUN, [3]),
        ("NNSSNSN", K.SUPRAVENTRICULAR_RUN, []),
        ("Q" * 12, K.PACED, [12]),
        ("-" * 40, K.VENTRICULAR_RUN, []),
    ],
)
def test_beats_in_rows_and_patterns(classes: str, kind: RhythmKind, beats: list[int]) -> None:
    assert [span.beats for span in of(kind, marks(classes))] == beats


@pytest.mark.parametrize(
    ("beats", "rr_s", "told"), [(5, 0.5, 1), (4, 0.5, 0), (5, 0.65, 0), (12, 0.3, 1)]
)
def test_ventricular_tachycardia_is_five_beats_over_100(beats: int, rr_s: float, told: int) -> None:
    intervals = [0.8] * 4 + [rr_s] * beats + [0.8] * 4
    found = of(K.VENTRICULAR_TACHYCARDIA, marks("NNNN" + "V" * beats + "NNNN", intervals))
    assert len(found) == told
    for span in found:
        assert span.rate_per_min == pytest.approx(60 / rr_s, rel=0.05)
        assert span.beats == beats


def test_pause_and_asystole_begin_with_the_last_beat() -> None:
    beats = marks("N" * 6, [0.8, 0.8, 3.2, 0.8, 4.4, 0.8])
    assert [s.first_sample for s in of(K.PAUSE, beats)] == [200, 700]
    (asystole,) = of(K.ASYSTOLE, beats)
    assert (asystole.first_sample, asystole.stop_sample) == (700, 1250)
    assert asystole.beats == 0


def test_slow_and_fast_rhythms_have_a_milder_end_than_beginning() -> None:
    slow = marks("N" * 40, [0.8] * 10 + [1.3] * 10 + [1.15] * 10 + [0.8] * 10)
    (span,) = of(K.BRADYCARDIA, slow)
    assert 20 <= span.beats <= 27
    fast = marks("N" * 60, [0.8] * 10 + [0.5] * 40 + [0.8] * 10)
    (span,) = of(K.TACHYCARDIA, fast)
    assert 35 <= span.beats <= 45
    assert of(K.TACHYCARDIA, marks("N" * 30, [0.8] * 10 + [0.5] * 10 + [0.8] * 10)) == []


def test_irregular_beats_without_p_waves_are_suspected_fibrillation() -> None:
    rng = np.random.default_rng(1)
    irregular = list(rng.uniform(0.4, 1.1, 90))
    (span,) = of(K.ATRIAL_FIBRILLATION, marks("N" * 90, irregular, p_alike=0.1))
    assert span.beats > 80
    assert of(K.ATRIAL_FIBRILLATION, marks("N" * 90, irregular, p_alike=0.9)) == []
    assert of(K.ATRIAL_FIBRILLATION, marks("N" * 90, 0.8, p_alike=0.1)) == []
    assert of(K.ATRIAL_FIBRILLATION, marks("N" * 35, irregular[:35], p_alike=0.1)) == []


def test_ectopic_beats_are_not_irregularity() -> None:
    beats = marks("NNNV" * 30, [0.8, 0.8, 0.8, 0.5] * 30, p_alike=0.3)
    assert of(K.ATRIAL_FIBRILLATION, beats) == []


def test_sinus_rhythm_ends_where_fibrillation_begins() -> None:
    rng = np.random.default_rng(2)
    calm, wild = marks("N" * 60), marks("N" * 90, list(rng.uniform(0.4, 1.1, 90)), 0.1)
    shift = calm[-1].sample_index
    later = [
        Mark(m.sample_index + shift, m.rr_s or 0.8, m.beat_class, None, 0.9, m.p_alike)
        for m in wild
    ]
    spans = episodes(calm + later, RATE_HZ)
    (sinus,) = [s for s in spans if s.kind is K.SINUS]
    (fibrillation,) = [s for s in spans if s.kind is K.ATRIAL_FIBRILLATION]
    assert abs(fibrillation.first_sample - shift) < 15 * RATE_HZ
    assert sinus.stop_sample <= fibrillation.first_sample + 1


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        (Mark(0, 0.5, None, True, 0.2), True),
        (Mark(0, 0.8, None, True, 0.2), False),
        (Mark(0, 0.5, None, True, 0.9), False),
        (Mark(0, 0.5, None, False, 0.2), False),
        (Mark(0, 0.5, BeatClass.NORMAL, True, 0.2), False),
        (Mark(0, 0.8, BeatClass.VENTRICULAR, None, 0.9), True),
    ],
)
def test_a_beat_without_a_class_is_ventricular_by_three_signs_only(mark: Mark, told: bool) -> None:
    assert is_ventricular(mark, 0.8) is told


@given(st.text("NSVFQ-", max_size=80), st.lists(st.floats(0.2, 6.0), min_size=80, max_size=80))
def test_whatever_the_beats_spans_are_sound(classes: str, rr_s: list[float]) -> None:
    beats = marks(classes, rr_s[: len(classes)], 0.3)
    spans = episodes(beats, RATE_HZ)
    last = beats[-1].sample_index if beats else 0
    for span in spans:
        assert 0 <= span.first_sample < span.stop_sample <= last + 1
        assert span.beats >= 0
        assert span.rate_per_min is None or span.rate_per_min > 0
    starts = [(span.kind, span.first_sample) for span in spans]
    assert len(starts) == len(set(starts))
    for kind in (K.COUPLET, K.VENTRICULAR_RUN, K.SUPRAVENTRICULAR_RUN):
        row = [span for span in spans if span.kind is kind]
        for a, b in pairwise(row):
            assert a.stop_sample <= b.first_sample + 1
