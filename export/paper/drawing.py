"""A page as shapes in millimetres, origin at the top left: what SVG and PDF are written from."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

WIDTH_MM, HEIGHT_MM = 297.0, 210.0
"""A4, landscape."""

BLACK = "#101010"
GREY = "#5a5a5a"
GRID_FINE = "#f6cfcb"
GRID_COARSE = "#e79a94"
ALERT = "#a00020"
SHADE = "#e9e9e9"

Points = npt.NDArray[np.float64]
Segment = tuple[float, float, float, float]
Box = tuple[float, float, float, float]
"""x, y, width, height."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Separate straight lines (x1, y1, x2, y2) of one kind."""

    segments: tuple[Segment, ...]
    colour: str
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A polyline, float64[n, 2], drawn only within ``clip``."""

    points: Points
    colour: str
    width: float
    clip: Box


@dataclass(frozen=True, slots=True)
class Area:
    """A filled rectangle."""

    box: Box
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text with its baseline at (x, y); ``anchor`` is start, middle or end."""

    x: float
    y: float
    text: str
    size: float = 3.2
    bold: bool = False
    anchor: str = "start"
    colour: str = BLACK


Shape = Lines | Curve | Area | Words


@dataclass(slots=True)
class Page:
    """Shapes in the order in which they are drawn."""

    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Draw on top of what is there."""
        self.shapes.extend(shapes)
