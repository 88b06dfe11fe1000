"""Charts: whatever the session, they stay within their frames."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.holter.digest import RR_BIN_MS, Minute
from export.paper.axes import rising
from export.paper.drawing import Area, Curve, Lines, Page, Words
from export.paper.histograms import rate_histogram, rr_histogram
from export.paper.trends import columns, ectopy_trend, lanes, rate_trend

BOX = (40.0, 50.0, 200.0, 40.0)
START = int(datetime(2026, 3, 1, 9, 12, tzinfo=UTC).timestamp() // 60)


def minute(at: int, rate: float = 70.0, *, named: int = 70, rates: int = 5) -> Minute:
    return Minute(
        START + at, 5, 4.5, rates, rate * rates, rate - 5 if rates else 0.0,
        rate + 9 if rates else 0.0, 70, named, named // 10, named // 7, 0, 0.0, 0.0, ("pause",),
    )  # fmt: skip


def inside(page: Page) -> None:
    x, y, width, height = BOX
    for shape in page.shapes:
        match shape:
            case Area() if shape.box[1] >= y:
                left, top, across, down = shape.box
                assert x - 0.01 <= left <= x + width + 0.01
                assert left + across <= x + width + 1
                assert top + down <= y + height + 0.01
                assert down >= -1e-9
            case Curve():
                assert shape.points[:, 0].min() >= x - 0.01
                assert shape.points[:, 1].max() <= y + height + 0.01
            case Lines():
                assert all(y - 0.01 <= s[1] <= y + height + 1.3 for s in shape.segments)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(0, 20_160), min_size=1, max_size=60),
    st.floats(20, 300),
    st.integers(0, 70),
    st.integers(0, 5),
)
def test_any_session_fits(ats: set[int], rate: float, named: int, rates: int) -> None:
    minutes = [minute(at, rate, named=named, rates=rates) for at in sorted(ats)]
    for draw in (rate_trend, ectopy_trend):
        page = Page()
        draw(page, minutes, BOX)
        inside(page)
    page = Page()
    lanes(page, minutes, [("pause", "pause"), ("couplet", "couplet")], BOX)
    inside(page)


def test_a_fortnight_has_so_many_columns_and_loses_no_beat() -> None:
    minutes = [minute(at) for at in range(20_160)]
    found = columns(minutes)
    assert len(found) <= 240
    assert sum(len(column.minutes) for column in found) == len(minutes)


def test_time_without_signal_breaks_the_line() -> None:
    page = Page()
    rate_trend(page, [minute(at) for at in (0, 1, 2, 60, 61)], BOX)
    assert len([shape for shape in page.shapes if isinstance(shape, Curve)]) == 2


def test_midnight_has_its_date() -> None:
    page = Page()
    rate_trend(page, [minute(at) for at in range(0, 1440, 7)], BOX)
    told = [shape.text for shape in page.shapes if isinstance(shape, Words)]
    assert "02 Mar 00:00" in told
    assert "12:00" in told


def test_what_has_no_class_is_said() -> None:
    page = Page()
    ectopy_trend(page, [minute(0, named=0)], BOX)
    assert "No beat has a class." in [s.text for s in page.shapes if isinstance(s, Words)]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(0, 800), st.integers(1, 10_000), max_size=40),
    st.dictionaries(st.integers(2, 70), st.integers(1, 10_000), max_size=40),
)
def test_histograms_fit_and_their_bars_are_all_there_is(
    rr: dict[int, int], rates: dict[int, int]
) -> None:
    for draw, bins in ((rr_histogram, rr), (rate_histogram, rates)):
        page = Page()
        draw(page, tuple(sorted(bins.items())), BOX)
        inside(page)


def test_evenly_spread_intervals_are_no_comb() -> None:
    bins = Counter(int(8 * samples / RR_BIN_MS) for samples in range(75, 125))
    page = Page()
    rr_histogram(page, tuple(sorted(bins.items())), BOX)
    heights = {round(s.box[3], 6) for s in page.shapes if isinstance(s, Area)}
    assert len(heights) == 1


@settings(max_examples=60)
@given(st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_round_and_reach_the_top(highest: float, steps: int) -> None:
    ticks = rising(highest, steps)
    assert ticks[0] == 0
    assert ticks[-1] >= highest * (1 - 1e-6)
    assert len(ticks) <= steps + 2
    assert np.diff(ticks) == pytest.approx(np.full(len(ticks) - 1, ticks[1]))
