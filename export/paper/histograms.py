"""Histograms of heart rate and of RR intervals, as bars."""

from collections import Counter
from math import ceil

from core.holter.digest import RATE_BIN_PER_MIN, RR_BIN_MS, Bins
from export.paper.axes import Axes, frame, rising, x_ticks
from export.paper.drawing import Area, Box, Page

_BAR = "#47597a"
_SAMPLE_MS = 8
"""At 125 Hz. Bins of 1/128 s do not hold a sample each, so that bars of them would be a comb."""
_RR_BAR_MS = 5 * _SAMPLE_MS
_RR_LONGEST_MS = 2480
"""What is longer stands in the last bar; the longest is told in words."""
_RATE_LEAST, _RATE_MOST = 30, 180


def rate_histogram(page: Page, rates: Bins, box: Box) -> None:
    """How many per cent of the strips had which heart rate."""
    shares = _shares(Counter({bin_ * RATE_BIN_PER_MIN: count for bin_, count in rates}))
    left = min([_RATE_LEAST, *shares]) // 10 * 10
    right = max([_RATE_MOST, *(low + RATE_BIN_PER_MIN for low in shares)])
    ticks = [(float(at), f"{at}") for at in range(-(-left // 30) * 30, right + 1, 30)]
    title = "Heart rate, strips of 12 s"
    _bars(page, shares, RATE_BIN_PER_MIN, (left, right), box, title, ticks, "% of strips; /min")


def rr_histogram(page: Page, rr: Bins, box: Box) -> None:
    """How many per cent of the RR intervals had which length."""
    counted: Counter[int] = Counter()
    for bin_, count in rr:
        rr_ms = ceil(bin_ * RR_BIN_MS / _SAMPLE_MS) * _SAMPLE_MS
        counted[min(rr_ms // _RR_BAR_MS * _RR_BAR_MS, _RR_LONGEST_MS)] += count
    ticks = [(float(at), f"{at}") for at in range(0, _RR_LONGEST_MS + _RR_BAR_MS, 500)]
    span = (0, _RR_LONGEST_MS + _RR_BAR_MS)
    _bars(
        page, _shares(counted), _RR_BAR_MS, span, box, "RR intervals", ticks, "% of intervals; ms"
    )


def _shares(counted: Counter[int]) -> dict[int, float]:
    whole = counted.total()
    return {low: 100 * count / whole for low, count in counted.items()}


def _bars(
    page: Page,
    shares: dict[int, float],
    width: int,
    span: tuple[int, int],
    box: Box,
    title: str,
    ticks: list[tuple[float, str]],
    unit: str,
) -> None:
    heights = rising(max(shares.values(), default=1.0))
    axes = Axes(box, span[0], span[1], 0, heights[-1])
    frame(page, axes, title, heights, unit)
    x_ticks(page, axes, ticks)
    for low, share in sorted(shares.items()):
        x, y = axes.x(low), axes.y(share)
        across = (axes.x(low + width) - x) * 0.9
        page.add(Area((x, y, across, axes.y(0) - y), _BAR))
