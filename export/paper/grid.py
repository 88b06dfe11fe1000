"""One line of ECG paper: grid, calibration pulse, trace, beats, and where there is no signal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from export.paper import drawing
from export.paper.drawing import Area, Curve, Lines, Page, Segment, Words
from export.paper.sheet import MM_PER_MV, MM_PER_S, Strip
from export.recording import spans

LEFT_MM = 18.0
LEAD_IN_MM = 10.0
"""Two large squares before the trace, for the calibration pulse: 1 mV for 200 ms."""
LINE_S = 10.0
TRACE_LEFT_MM = LEFT_MM + LEAD_IN_MM
_FINE, _COARSE = 1.0, 5.0
_WIDTHS = {_FINE: 0.1, _COARSE: 0.22}
_TRACE_WIDTH = 0.28
_ECTOPIC = frozenset("ASVF")


@dataclass(frozen=True, slots=True)
class Line:
    """Samples [start, stop) of a strip, drawn with the paper's top edge at ``top`` mm.

    ``height`` is the paper's in mm; ``zero`` is how far below the top 0 mV lies.
    """

    start: int
    stop: int
    top: float
    height: float
    zero: float

    def x(self, sample: float, rate_hz: float) -> float:
        """Where a sample of the strip is, in mm from the page's left."""
        return TRACE_LEFT_MM + (sample - self.start) / rate_hz * MM_PER_S

    def y(self, mv: float) -> float:
        """Where a voltage is, in mm from the page's top."""
        return self.top + self.zero - mv * MM_PER_MV


def draw_line(page: Page, line: Line, strip: Strip, *, clocked: bool = True) -> None:
    """Draw a line of paper and all that is on it; ``clocked``: with the time of its beginning."""
    seconds = (line.stop - line.start) / strip.rate_hz
    width = LEAD_IN_MM + _COARSE * np.ceil(seconds * MM_PER_S / _COARSE - 1e-9)
    for step in (_FINE, _COARSE):
        page.add(_grid(line, float(width), step))
    _no_signal(page, line, strip)
    page.add(_calibration(line))
    page.add(Words(LEFT_MM + 5, line.y(0) + 3, "1 mV", 2.2, False, "middle", drawing.GREY))
    _trace(page, line, strip, float(width))
    _beats(page, line, strip)
    _seconds(page, line, strip)
    if clocked:
        at = strip.header.started_at + timedelta(seconds=line.start / strip.rate_hz)
        page.add(Words(LEFT_MM, line.top - 6.4, clock(at), 2.8, colour=drawing.GREY))


def _grid(line: Line, width: float, step: float) -> Lines:
    bottom, right = line.top + line.height, LEFT_MM + width
    down: list[Segment] = [
        (x, line.top, x, bottom) for x in np.arange(LEFT_MM, right + step / 2, step).tolist()
    ]
    across: list[Segment] = [
        (LEFT_MM, y, right, y) for y in np.arange(line.top, bottom + step / 2, step).tolist()
    ]
    colour = drawing.GRID_FINE if step == _FINE else drawing.GRID_COARSE
    return Lines((*down, *across), colour, _WIDTHS[step])


def _calibration(line: Line) -> Curve:
    x, low, high = LEFT_MM, line.y(0), line.y(1)
    up, down = x + 2.5, x + 2.5 + 0.2 * MM_PER_S
    points = [(x, low), (up, low), (up, high), (down, high), (down, low), (x + LEAD_IN_MM, low)]
    box = (LEFT_MM, line.top, LEAD_IN_MM, line.height)
    return Curve(np.array(points), drawing.BLACK, _TRACE_WIDTH, box)


def _trace(page: Page, line: Line, strip: Strip, width: float) -> None:
    mv = strip.mv[line.start : line.stop]
    box = (TRACE_LEFT_MM, line.top, width - LEAD_IN_MM, line.height)
    for start, stop in spans(np.isfinite(mv)):
        x = TRACE_LEFT_MM + np.arange(start, stop) / strip.rate_hz * MM_PER_S
        y = line.top + line.zero - mv[start:stop] * MM_PER_MV
        page.add(Curve(np.column_stack((x, y)), drawing.BLACK, _TRACE_WIDTH, box))


def _no_signal(page: Page, line: Line, strip: Strip) -> None:
    for gap in strip.no_signal:
        start, stop = max(gap.start, line.start), min(gap.stop, line.stop)
        if start >= stop:
            continue
        left, right = line.x(start, strip.rate_hz), line.x(stop, strip.rate_hz)
        page.add(Area((left, line.top, right - left, line.height), drawing.SHADE))
        if right - left > 1.8 * len(gap.reason):
            middle, y = (left + right) / 2, line.top + line.height / 2 + 1
            page.add(Words(middle, y, gap.reason, 3.2, True, "middle", drawing.GREY))


def _beats(page: Page, line: Line, strip: Strip) -> None:
    """A tick at each R peak, and its class above the paper."""
    ticks: list[Segment] = []
    for beat in strip.beats:
        if not line.start <= beat.sample < line.stop:
            continue
        x = line.x(beat.sample, strip.rate_hz)
        ticks.append((x, line.top - 2.0, x, line.top))
        abnormal = beat.label in _ECTOPIC
        colour = drawing.ALERT if abnormal else drawing.GREY
        page.add(Words(x, line.top - 2.6, beat.label, 3.0, abnormal, "middle", colour))
    if ticks:
        page.add(Lines(tuple(ticks), drawing.BLACK, 0.25))


def _seconds(page: Page, line: Line, strip: Strip) -> None:
    """A tick for each second."""
    y = line.top + line.height
    elapsed = (line.stop - line.start) / strip.rate_hz
    marks = range(int(elapsed) + 1)
    x = [TRACE_LEFT_MM + second * MM_PER_S for second in marks]
    page.add(Lines(tuple((at_x, y, at_x, y + 1.5) for at_x in x), drawing.GREY, 0.2))
    began = line.start / strip.rate_hz
    for second, at_x in zip(marks, x, strict=True):
        label = f"{began + second:g} s"
        page.add(Words(at_x, y + 4.2, label, 2.4, False, "middle", drawing.GREY))


def clock(moment: datetime) -> str:
    """Time of day to the millisecond."""
    return f"{moment:%H:%M:%S.%f}"[:-3]
