"""A session over time: heart rate, ectopic beats and episodes against the clock.

A column of paper holds at least a minute; of a fortnight it holds more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from core.holter.digest import Minute
from export.paper import drawing
from export.paper.axes import Axes, frame, rising, x_ticks
from export.paper.drawing import Area, Box, Curve, Lines, Page, Points, Segment, Words

_COLUMNS_MAX = 240
_BAND, _VENTRICULAR, _SUPRAVENTRICULAR = "#b9cbe6", "#a00020", "#e08a1e"
_LANE = "#47597a"
_UNREAD = ""
_TICK_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880)
_TICKS_MAX = 13


@dataclass(frozen=True, slots=True)
class Column:
    """Successive minutes as one; ``start`` and ``stop`` in minutes since 1970."""

    start: int
    stop: int
    minutes: tuple[Minute, ...]

    @property
    def middle(self) -> float:
        """In minutes since 1970."""
        return (self.start + self.stop) / 2


def columns(minutes: Sequence[Minute]) -> list[Column]:
    """Minutes by columns of paper; a column without any is left out."""
    first, last = minutes[0].minute, minutes[-1].minute + 1
    width = -(-(last - first) // _COLUMNS_MAX)
    found: dict[int, list[Minute]] = {}
    for minute in minutes:
        found.setdefault((minute.minute - first) // width, []).append(minute)
    return [
        Column(first + k * width, first + (k + 1) * width, tuple(inside))
        for k, inside in sorted(found.items())
    ]


def rate_trend(page: Page, minutes: Sequence[Minute], box: Box) -> None:
    """Mean heart rate as a line, lowest and highest of its strips as a band."""
    rated = [minute for minute in minutes if minute.rates]
    ceiling = max((minute.rate_max_per_min for minute in rated), default=100.0)
    floor = min((minute.rate_min_per_min for minute in rated), default=0.0)
    ticks = rising(max(ceiling * 1.05, 100.0))
    ticks = [tick for tick, above in pairwise(ticks) if above > floor - 5] + ticks[-1:]
    axes = _over_time(page, minutes, box, ticks, "Heart rate: mean, lowest and highest", "/min")
    told = [c for c in columns(minutes) if any(minute.rates for minute in c.minutes)]
    page.add(Lines(tuple(_band(axes, column) for column in told), _BAND, _width(axes, told)))
    for run in _runs(told):
        page.add(Curve(_means(axes, run), drawing.BLACK, 0.3, box))


def ectopy_trend(page: Page, minutes: Sequence[Minute], box: Box) -> None:
    """Share of ventricular and of supraventricular beats, stacked."""
    told = [c for c in columns(minutes) if any(minute.named for minute in c.minutes)]
    shares = [_shares(column) for column in told]
    highest = max((v + s for v, s in shares), default=1.0)
    ticks = rising(max(highest, 1.0), 4)
    title = "Ectopic beats, share of classified beats"
    axes = _over_time(page, minutes, box, ticks, title, "%")
    _legend(page, box, (("ventricular", _VENTRICULAR), ("supraventricular", _SUPRAVENTRICULAR)))
    if not told:
        page.add(Words(box[0] + 4, box[1] + 8, "No beat has a class.", 3.0, colour=drawing.GREY))
    for column, (ventricular, supraventricular) in zip(told, shares, strict=True):
        left, right = axes.x(column.start), axes.x(column.stop)
        base, top = axes.y(ventricular), axes.y(ventricular + supraventricular)
        page.add(Area((left, base, right - left, axes.y(0) - base), _VENTRICULAR))
        page.add(Area((left, top, right - left, base - top), _SUPRAVENTRICULAR))


def lanes(
    page: Page, minutes: Sequence[Minute], kinds: Sequence[tuple[str, str]], box: Box
) -> None:
    """A lane for each kind of episode, marked where there is one, and where no rate was read.

    ``box`` is all of them.
    """
    x, y, width, height = box
    axes = _over_time(page, minutes, box, [], "Episodes", "")
    step = height / (len(kinds) + 1)
    found = columns(minutes)
    for number, (name, told) in enumerate((*kinds, (_UNREAD, "no heart rate read"))):
        top = y + number * step
        page.add(Words(x - 1.5, top + step / 2 + 1, told, 2.6, False, "end"))
        page.add(Lines(((x, top + step, x + width, top + step),), drawing.SHADE, 0.15))
        for column in found:
            if any(_is_in(name, minute) for minute in column.minutes):
                left = axes.x(column.start)
                across = max(axes.x(column.stop) - left, 0.4)
                colour = _LANE if name != _UNREAD else drawing.GRID_COARSE
                page.add(Area((left, top + 0.5, across, step - 1), colour))


def _is_in(name: str, minute: Minute) -> bool:
    return name in minute.kinds or (name == _UNREAD and minute.rates < minute.strips)


def _over_time(
    page: Page,
    minutes: Sequence[Minute],
    box: Box,
    y_ticks: list[float],
    title: str,
    unit: str,
) -> Axes:
    first, last = minutes[0].minute, minutes[-1].minute + 1
    low, high = (y_ticks[0], y_ticks[-1]) if y_ticks else (0.0, 1.0)
    axes = Axes(box, first, last, low, high)
    frame(page, axes, title, y_ticks, unit)
    x_ticks(page, axes, list(_clock_ticks(first, last)))
    return axes


def _clock_ticks(first: int, last: int) -> Iterator[tuple[float, str]]:
    """Round times of the day in UTC; the date at midnight, and at the first of all."""
    step = next((s for s in _TICK_MINUTES if (last - first) / s <= _TICKS_MAX), _TICK_MINUTES[-1])
    for number, minute in enumerate(range(-(-first // step) * step, last + 1, step)):
        at = datetime.fromtimestamp(minute * 60, UTC)
        dated = number == 0 or minute % 1440 == 0
        yield minute, f"{at:%d %b %H:%M}" if dated else f"{at:%H:%M}"


def _band(axes: Axes, column: Column) -> Segment:
    rated = [minute for minute in column.minutes if minute.rates]
    x = axes.x(column.middle)
    low = axes.y(min(minute.rate_min_per_min for minute in rated))
    high = axes.y(max(minute.rate_max_per_min for minute in rated))
    return x, low, x, min(high, low - 0.2)


def _width(axes: Axes, told: Sequence[Column]) -> float:
    return max(axes.x(told[0].stop) - axes.x(told[0].start), 0.3) if told else 0.3


def _runs(told: Sequence[Column]) -> list[list[Column]]:
    """Columns without a break between them."""
    runs: list[list[Column]] = []
    for column in told:
        if runs and runs[-1][-1].stop == column.start:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _means(axes: Axes, run: Sequence[Column]) -> Points:
    xs, ys = [], []
    for column in run:
        rates = sum(minute.rates for minute in column.minutes)
        xs.append(column.middle)
        ys.append(sum(minute.rate_sum_per_min for minute in column.minutes) / rates)
    if len(xs) == 1:
        xs, ys = [float(run[0].start), float(run[0].stop)], ys * 2
    return axes.points(xs, ys)


def _shares(column: Column) -> tuple[float, float]:
    named = sum(minute.named for minute in column.minutes)
    ventricular = sum(minute.ventricular for minute in column.minutes)
    supraventricular = sum(minute.supraventricular for minute in column.minutes)
    return 100 * ventricular / named, 100 * supraventricular / named


def _legend(page: Page, box: Box, entries: Sequence[tuple[str, str]]) -> None:
    x = box[0] + box[2] - 62
    for name, colour in entries:
        page.add(Area((x, box[1] - 4, 2.2, 2.2), colour))
        page.add(Words(x + 3, box[1] - 2, name, 2.6))
        x += 22
