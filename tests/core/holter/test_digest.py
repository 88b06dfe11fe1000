"""Digests of strips: the same figures however the session is divided."""

from dataclasses import astuple, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ecg import Beat, BeatClass, Quality, RhythmKind, RhythmSpan
from core.holter.digest import Digest, merged
from core.holter.strip import digest
from core.holter.summary import Holter, Spread, holter
from tests.core.holter.samples import RATE_HZ, session


def divided(strips: int, seed: int, cuts: list[int], *, named: bool = True) -> Digest:
    """The session's digest, made of the parts between the cuts."""
    found = session(strips, seed, named=named)
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < strips}), strips]
    parts = [
        digest(found[first:stop], found[first - 1] if first else None)
        for first, stop in pairwise(edges)
    ]
    return merged(parts)


def figures(found: Holter) -> list[object]:
    """All that is told, floats to nine digits."""

    def plain(value: object) -> object:
        if isinstance(value, float):
            return f"{value:.9g}"
        return [plain(one) for one in value] if isinstance(value, tuple) else value

    return [plain(value) for value in astuple(found)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 60),
    st.integers(0, 1000),
    st.lists(st.integers(1, 59), max_size=12),
    st.booleans(),
)
def test_the_parts_make_the_whole(strips: int, seed: int, cuts: list[int], named: bool) -> None:
    whole = holter(divided(strips, seed, [], named=named), 8)
    assert figures(holter(divided(strips, seed, cuts, named=named), 8)) == figures(whole)


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 40), st.integers(0, 100), st.integers(1, 38), st.integers(1, 39))
def test_merging_is_associative(strips: int, seed: int, one: int, other: int) -> None:
    first, second = sorted((one % (strips - 1) + 1, other % (strips - 1) + 1))
    if first == second:
        return
    found = session(strips, seed)
    a, b, c = (
        digest(found[:first]),
        digest(found[first:second], found[first - 1]),
        digest(found[second:], found[second - 1]),
    )
    left, right = merged([merged([a, b]), c]), merged([a, merged([b, c])])
    assert figures(holter(left, 0)) == figures(holter(right, 0))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000))
def test_burdens_and_counts_add_up(strips: int, seed: int) -> None:
    found = holter(digest(session(strips, seed)), 0)
    sums = found.sums
    assert sums.named == sums.classified == sums.beats
    rest = sums.normal + sums.fusion + sums.unknown
    shares = [found.ventricular_percent, found.supraventricular_percent, 100 * rest / sums.named]
    assert sum(share or 0 for share in shares) == pytest.approx(100)
    assert sum(count for _, count in found.rates) == sums.rates
    assert sum(minute.beats for minute in found.minutes) == sums.beats
    assert sum(minute.nn for minute in found.minutes) == sums.nn <= sum(n for _, n in found.rr)
    assert found.totals.readable_s + sum(s for _, s in found.refused_s) == pytest.approx(
        found.totals.analysed_s
    )


def test_findings_of_before_have_neither_burden_nor_rhythm() -> None:
    found = holter(digest(session(20, named=False)), 0)
    assert found.ventricular_percent is None
    assert found.sums.named == 0 < found.sums.abnormal
    assert not found.has_rhythm
    assert found.variability is not None


def test_an_interval_across_a_border_belongs_to_the_later_strip() -> None:
    first, second = session(2)
    beats = (Beat(1490, 0.0, BeatClass.NORMAL),), (Beat(1890, 0.0, BeatClass.NORMAL),)
    first, second = replace(first, beats=beats[0]), replace(second, beats=beats[1])
    found = digest([first, second])
    assert found.longest_rr_ms is not None
    assert found.longest_rr_ms.value == 3200
    assert found.longest_rr_ms.sample == 1490
    assert found.longest_rr_ms.at == first.started_at + timedelta(seconds=1490 / RATE_HZ)
    assert found.sums.rr_pauses == found.sums.nn == 1
    assert digest([second], first).sums.rr_pauses == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"n_missing": 10},
        {"quality": Quality(0.1, False, ())},
        {"strip_index": 5},
    ],
)
def test_no_interval_spans_what_is_not_known(broken: dict[str, object]) -> None:
    first, second = session(2)
    first = replace(first, beats=(Beat(1490, 0.0),), **broken)  # type: ignore[arg-type]
    second = replace(second, beats=(Beat(1890, 0.0),))
    assert digest([second], first).longest_rr_ms is None


def test_a_gap_within_a_strip_is_no_pause() -> None:
    strip = replace(session(1)[0], n_missing=400)
    assert strip.rate is not None
    strip = replace(strip, beats=(Beat(100, 0.0), Beat(190, 0.0), Beat(900, 0.0)))
    found = digest([strip])
    assert found.longest_rr_ms is not None
    assert found.longest_rr_ms.value == 720
    assert found.sums.rr_pauses == 0


def test_extremes_tell_when() -> None:
    found = session(30)
    figures = holter(digest(found), 0)
    rates = {f.started_at: f.rate.heart_rate_per_min for f in found if f.rate}
    assert figures.lowest_rate is not None
    assert figures.highest_rate is not None
    assert rates[figures.lowest_rate.at] == figures.totals.rate_min_per_min == min(rates.values())
    assert rates[figures.highest_rate.at] == figures.totals.rate_max_per_min == max(rates.values())


@pytest.mark.parametrize("kind", [RhythmKind.VENTRICULAR_FIBRILLATION, RhythmKind.NOISE])
def test_no_rate_is_read_beside_what_hides_beats(kind: RhythmKind) -> None:
    first, second = session(2)
    plain = replace(first, rhythm=())
    span = RhythmSpan(kind, second.first_sample + 100, second.first_sample + 900, 0, None, True)
    assert holter(digest([plain, replace(second, rhythm=(span,))]), 0).rates == (
        holter(digest([plain]), 0).rates
    )
    hidden = holter(digest([replace(second, rhythm=(span,))]), 0)
    assert hidden.totals.rate_mean_per_min is None
    assert hidden.lowest_rate is hidden.highest_rate is None
    assert hidden.minutes[0].rates == 0


def test_kinds_of_a_minute_are_those_of_its_strips() -> None:
    found = session(10)
    (sinus,) = [k for k in (RhythmKind.SINUS,) if any(s.kind is k for f in found for s in f.rhythm)]
    told = {kind for minute in digest(found).minutes for kind in minute.kinds}
    assert sinus.value in told
    assert told == {span.kind.value for finding in found for span in finding.rhythm}


def test_intervals_come_with_their_range_and_the_number_of_strips() -> None:
    found = holter(digest(session(35)), 0)
    assert found.qtc == Spread(412, 410, 414, 33)
    assert found.qrs == Spread(92, 92, 92, 33)
    assert holter(digest([replace(one, intervals=None) for one in session(3)]), 0).qtc is None
