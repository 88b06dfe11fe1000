"""A frame to draw figures in: two linear axes in millimetres of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from export.paper import drawing
from export.paper.drawing import Box, Lines, Page, Points, Segment, Words


@dataclass(frozen=True, slots=True)
class Axes:
    """Values from (left, low) to (right, high) lie in ``box``."""

    box: Box
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Where a value is, in mm from the page's left."""
        x, _, width, _ = self.box
        return x + (value - self.left) / (self.right - self.left) * width

    def y(self, value: float) -> float:
        """Where a value is, in mm from the page's top."""
        _, y, _, height = self.box
        return y + height - (value - self.low) / (self.high - self.low) * height

    def points(self, xs: Iterable[float], ys: Iterable[float]) -> Points:
        """Values as points of the page, float64[n, 2]."""
        return np.array([(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)])


def frame(page: Page, axes: Axes, title: str, y_ticks: Iterable[float], unit: str = "") -> None:
    """The border, lines across at the ticks with their labels, and what it shows."""
    x, y, width, height = axes.box
    across: list[Segment] = []
    for tick in y_ticks:
        at = axes.y(tick)
        across.append((x, at, x + width, at))
        page.add(Words(x - 1.5, at + 0.9, f"{tick:g}", 2.6, False, "end", drawing.GREY))
    page.add(Lines(tuple(across), drawing.SHADE, 0.15))
    border = ((x, y, x, y + height), (x, y + height, x + width, y + height))
    page.add(Lines(border, drawing.GREY, 0.25))
    page.add(Words(x, y - 1.8, title, 3.2, bold=True))
    page.add(Words(x + width, y - 1.8, unit, 2.6, False, "end", drawing.GREY))


def x_ticks(page: Page, axes: Axes, ticks: Iterable[tuple[float, str]]) -> None:
    """Ticks below, with their labels."""
    _, y, _, height = axes.box
    at = [(axes.x(value), label) for value, label in ticks]
    page.add(Lines(tuple((x, y + height, x, y + height + 1.2) for x, _ in at), drawing.GREY, 0.2))
    page.add(*(Words(x, y + height + 4, t, 2.6, False, "middle", drawing.GREY) for x, t in at))


def rising(highest: float, steps: int = 5) -> list[float]:
    """Round ticks from 0 to ``highest`` or just above, some ``steps`` of them."""
    raw = max(highest, 1e-9) / steps
    power = 10 ** np.floor(np.log10(raw))
    step = float(next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw * (1 - 1e-9)))
    count = int(np.ceil(highest / step - 1e-9))
    return [step * k for k in range(max(count, 1) + 1)]
