"""Episodes: one for each kind and start, wherever the strips' borders lie."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.ecg import SAMPLES_PER_STRIP, RhythmKind, RhythmSpan
from core.holter.episodes import KEPT
from core.holter.strip import digest
from core.holter.summary import holter
from tests.core.holter.samples import RATE_HZ, session, spans, told_in


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 1000))
def test_each_span_is_one_episode_at_its_full_length(strips: int, seed: int) -> None:
    known = spans(strips * SAMPLES_PER_STRIP, seed)
    found = holter(digest(session(strips, seed)), 0)
    counts = Counter(span.kind for span in known)
    assert {one.kind: one.count for one in found.episodes} == dict(counts)
    for one in found.episodes:
        mine = [span for span in known if span.kind is one.kind]
        lengths = sorted((s.verified, s.stop_sample - s.first_sample) for s in mine)[::-1][:KEPT]
        told = [(t.verified, t.stop_sample - t.first_sample) for t in one.longest]
        assert told == lengths
        seconds = sum(span.stop_sample - span.first_sample for span in mine) / RATE_HZ
        assert abs(one.duration_s - seconds) < 1e-6
        assert one.unverified == sum(not span.verified for span in mine)
        verified = [s.rate_per_min for s in mine if s.verified and s.rate_per_min]
        if verified:
            assert one.fastest is not None
            assert one.fastest.rate_per_min == max(verified)


def test_the_last_telling_counts() -> None:
    first, second, third = session(3, named=False)
    early = RhythmSpan(RhythmKind.TACHYCARDIA, 1000, 1490, 6, 140.0, False)
    late = replace(early, stop_sample=2000, beats=12, rate_per_min=150.0, verified=True)
    told = [replace(first, rhythm=(early,)), replace(second, rhythm=(late,)), third]
    (one,) = holter(digest(told), 0).episodes
    assert (one.count, one.beats, one.unverified) == (1, 12, 0)
    assert one.fastest is not None
    assert one.fastest.onset == first.started_at + (second.started_at - first.started_at) * (
        1000 / SAMPLES_PER_STRIP
    )


def test_an_episode_goes_on_past_a_lost_strip() -> None:
    found = session(6, named=False)
    span = RhythmSpan(RhythmKind.ATRIAL_FIBRILLATION, 500, 6 * SAMPLES_PER_STRIP, 90, 110.0, True)
    told = [
        replace(strip, rhythm=told_in([span], strip.first_sample, strip.first_sample + 1496))
        for strip in found
        if strip.strip_index != 3
    ]
    (one,) = holter(digest(told), 0).episodes
    assert one.count == 1
    assert one.percent == 100  # of what was analysed, never more


def test_a_fortnight_of_couplets_takes_no_room() -> None:
    found = []
    for strip in session(1000, named=False):
        here = [
            RhythmSpan(RhythmKind.COUPLET, strip.first_sample + k, strip.first_sample + k + 99, 2,
                       150.0 + k / 10, True)
            for k in range(0, 1200, 300)
        ]  # fmt: skip
        found.append(replace(strip, rhythm=tuple(here)))
    made = digest(found)
    assert len(made.tellings) == 2 * 4
    (sums,) = made.kinds
    assert (sums.count, len(sums.longest)) == (998 * 4, KEPT)
    assert holter(made, 0).episodes[0].count == 4000
