"""A session's rhythms: the same however its chunks come, noise told, doubt marked."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.rhythm.session import Sight, StripRules, merged
from analysis.session.resume import dump
from core.ecg import Beat, BeatClass, Quality, RefusalReason, RhythmKind, RhythmSpan, StripFinding
from simulator.rhythm import Rhythm
from tests.analysis.chunks import RECEIVED_US, Run, all_normal, chunks_of, rhythm_mv
from tests.analysis.rhythm.test_watch import fibrillation, sinus, standstill, tachycardia
from tests.fhir.samples import READABLE

K = RhythmKind
SIGNAL_MV = np.concatenate(
    [sinus(14), tachycardia(8), sinus(9), fibrillation(15), sinus(10), standstill(17), sinus(8)]
)
CHUNKS = chunks_of(SIGNAL_MV)
WHOLE = Run().push(CHUNKS).end().strips
NO_SIGHT = Sight(None, np.empty(0), np.empty(0))


def test_every_grave_rhythm_of_the_session_is_there() -> None:
    kinds = {span.kind for strip in WHOLE for span in strip.rhythm}
    assert {K.VENTRICULAR_TACHYCARDIA, K.VENTRICULAR_FIBRILLATION, K.ASYSTOLE} <= kinds
    for strip in WHOLE:
        stop = strip.first_sample + strip.n_samples
        for span in strip.rhythm:
            assert span.first_sample < stop
            assert span.stop_sample > strip.first_sample


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, len(CHUNKS)), max_size=8), st.sets(st.integers(0, 8)))
def test_batches_restarts_and_early_ends_change_no_rhythm(
    cuts: list[int], restarts: set[int]
) -> None:
    stuttering = Run()
    for i, (first, stop) in enumerate(pairwise([0, *sorted(cuts), len(CHUNKS)])):
        stuttering.push(CHUNKS[first:stop])
        if i in restarts:
            stuttering.end()
            stuttering.store_and_load()
    assert stuttering.end().strips == WHOLE


def test_the_state_stays_small() -> None:
    pipeline, largest = Run().pipeline, 0
    for seq, content in chunks_of(rhythm_mv(Rhythm.BIGEMINY, 240)):
        pipeline.push(seq, content, RECEIVED_US)
        pipeline.resolve(all_normal(len(pipeline.crops)))
        largest = max(largest, len(dump(pipeline)))
    assert largest < 40_000


def strip(index: int, beats: list[int], *reasons: RefusalReason) -> StripFinding:
    first = index * 1496
    return replace(
        READABLE,
        strip_index=index,
        first_sample=first,
        quality=Quality(0.1 if reasons else 0.9, not reasons, reasons),
        beats=tuple(Beat(first + at, None, BeatClass.NORMAL) for at in beats),
    )


def test_noise_lasts_over_strips_and_ends_what_was_going_on() -> None:
    rules = StripRules()
    beats = list(range(50, 1450, 100))
    calm = [replace(NO_SIGHT, rr_s=0.8)] * len(beats)
    assert rules.tell(strip(0, beats), calm, ()) == ()  # no P wave was seen: no sinus rhythm
    noisy = [rules.tell(strip(i, [], RefusalReason.NOISE), (), ())[0] for i in (1, 2)]
    assert [(s.kind, s.first_sample, s.stop_sample) for s in noisy] == [
        (K.NOISE, 1496, 2992),
        (K.NOISE, 1496, 4488),
    ]
    assert rules.tell(strip(3, beats), calm, ()) == ()
    assert rules.tell(strip(4, [], RefusalReason.FEW_BEATS), (), ()) == ()


def test_a_standstill_in_a_strip_that_cannot_be_read_is_told_unverified() -> None:
    seen = [replace(NO_SIGHT, rr_s=5.0)]
    told = StripRules().tell(strip(1, [900], RefusalReason.FEW_BEATS), seen, ())
    assert [(span.kind, span.verified) for span in told] == [(K.ASYSTOLE, False), (K.PAUSE, False)]


def span(kind: RhythmKind, first: int, stop: int) -> RhythmSpan:
    return RhythmSpan(kind, first, stop, 5, None, verified=True)


def test_nothing_is_told_twice() -> None:
    vt, waves = K.VENTRICULAR_TACHYCARDIA, K.VENTRICULAR_FIBRILLATION
    assert merged([span(vt, 10, 60)], [span(vt, 20, 70)], []) == [span(vt, 20, 70)]
    assert merged([], [span(waves, 0, 50), span(vt, 20, 70)], []) == [span(waves, 0, 50)]
    ends = span(K.ASYSTOLE, 5, 90)
    assert merged([ends], [span(K.ASYSTOLE, 5, 80)], []) == [ends]


def test_an_asystole_in_which_beats_were_found_is_left_out() -> None:
    live = (span(K.ASYSTOLE, 100, 900),)
    assert StripRules().tell(strip(0, [400]), [NO_SIGHT], live) == ()
    assert StripRules().tell(strip(0, [950]), [NO_SIGHT], live) == live
