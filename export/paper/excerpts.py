"""Three strips of 10 s on a page, each on its own line of ECG paper."""

from collections.abc import Sequence

from export.paper import drawing
from export.paper.drawing import Lines, Page, Words
from export.paper.fonts import fitting, width_mm
from export.paper.grid import LEFT_MM, LINE_S, Line, draw_line
from export.paper.layout import LEGEND, RIGHT_MM, head, zero_line, zone
from export.paper.sheet import MM_PER_MV, MM_PER_S, Excerpt, Report

PER_PAGE = 3
_TOP_MM, _SLOT_MM = 42.5, 52.0
_PAPER_MM = 35.0
_ABOVE_MM = 6.6
_TITLE_MM, _REMARKS_MM, _BETWEEN_MM = 90.0, 80.0, 4.0


def excerpt_pages(excerpts: Sequence[Excerpt], report: Report) -> list[Page]:
    """The pages of these strips, in order."""
    starts = range(0, len(excerpts), PER_PAGE)
    return [_page(excerpts[start : start + PER_PAGE], report) for start in starts]


def _page(excerpts: Sequence[Excerpt], report: Report) -> Page:
    page = Page()
    head(page, report.title, report.patient)
    strip = excerpts[0].strip
    scale = f"{MM_PER_S:g} mm/s    {MM_PER_MV:g} mm/mV    {strip.header.filter}"
    page.add(Words(RIGHT_MM, 25.5, f"{scale}    {strip.rate_hz:g} Hz", 3.4, True, "end"))
    page.add(Words(LEFT_MM, 194.8, LEGEND, 2.6, colour=drawing.GREY))
    for number, excerpt in enumerate(excerpts):
        _draw(page, excerpt, _TOP_MM + number * _SLOT_MM)
    return page


def _draw(page: Page, excerpt: Excerpt, top: float) -> None:
    strip = excerpt.strip
    shown = min(len(strip.mv), round(LINE_S * strip.rate_hz))
    zero, clipped = zero_line(strip.mv[:shown], _PAPER_MM)
    line = Line(0, shown, top, _PAPER_MM, zero)
    _caption(page, excerpt, top - _ABOVE_MM, clipped=clipped)
    draw_line(page, line, strip, clocked=False)
    if excerpt.marked is not None:
        first, last = (min(max(sample, 0), shown) for sample in excerpt.marked)
        y = line.top + _PAPER_MM - 0.8
        left, right = line.x(first, strip.rate_hz), line.x(last, strip.rate_hz)
        page.add(Lines(((left, y, max(right, left + 0.5), y),), drawing.ALERT, 0.9))


def _caption(page: Page, excerpt: Excerpt, y: float, *, clipped: bool) -> None:
    """What it is, its figures, what speaks against it, and when it was."""
    header, at = excerpt.strip.header, excerpt.strip.header.started_at
    when = f"{at:%Y-%m-%d %H:%M:%S} {zone(at)}"
    page.add(Words(RIGHT_MM, y, when, 3.1, anchor="end"))
    title = fitting(header.title, _TITLE_MM, 3.6, bold=True)
    page.add(Words(LEFT_MM, y, title, 3.6, bold=True))
    x = LEFT_MM + width_mm(title, 3.6, bold=True) + _BETWEEN_MM
    remarks = [*header.remarks, *(["cut off at the edge of the paper"] * clipped)]
    against = fitting("; ".join(remarks), _REMARKS_MM, 3.1)
    room = RIGHT_MM - width_mm(when, 3.1) - width_mm(against, 3.1) - 2 * _BETWEEN_MM - x
    told = fitting(excerpt.told, room, 3.1)
    page.add(Words(x, y, told, 3.1))
    if against:
        x += width_mm(told, 3.1) + _BETWEEN_MM
        page.add(Words(x, y, against, 3.1, colour=drawing.ALERT))
