"""How plots look, and their rendering without a screen (https://matplotlib.org/stable/api/)."""

import io
from typing import Literal

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from model.evaluation.section import Plot

OURS_COLOUR, THEIRS = "#0b5cad", "#8a8f98"
MUTED, FAINT, BAD = "#5b6168", "#d9dce0", "#b3261e"
SERIES = ("#0b5cad", "#c8641b", "#2e7d32", "#7b4ea3", "#8a8f98")
RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eceef0",
    "legend.frameon": False,
    "svg.hashsalt": "hisbundle",
}


def render(plot: Plot, form: Literal["svg", "png"] = "svg") -> bytes:
    """The picture as an SVG or PNG file, the same bytes for the same data."""
    with matplotlib.rc_context(RC):  # type: ignore[arg-type]
        figure = Figure(figsize=plot.size_in, layout="constrained")
        (FigureCanvasSVG if form == "svg" else FigureCanvasAgg)(figure)
        plot.draw(figure)
        file = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(file, format=form, dpi=110, metadata=metadata)
    return file.getvalue()
