"""Report -> its first page: prose, table of totals, table of alerts."""

from textwrap import wrap

from export.paper import drawing
from export.paper.drawing import Lines, Page, Words
from export.paper.grid import LEFT_MM
from export.paper.layout import RIGHT_MM, foot, head, short
from export.paper.sheet import Report

_PROSE_CHARS = 132
_ALERTS_MAX = 14
_MIDDLE_MM = 132.0


def totals_page(report: Report, of: int) -> Page:
    """Page 1 of a report of ``of`` pages."""
    page = Page()
    head(page, report.title, report.patient)
    page.add(Words(RIGHT_MM, 25.5, report.period, 3.8, anchor="end"))
    page.add(Words(LEFT_MM, 36, report.status, 3.6, bold=True))
    y = 43.0
    for text in wrap(report.conclusion, _PROSE_CHARS)[:8]:
        page.add(Words(LEFT_MM, y, text, 3.8))
        y += 5.6
    for remark in report.remarks:
        page.add(Words(LEFT_MM, y, short(remark, 150), 3.4, bold=True, colour=drawing.ALERT))
        y += 5.6
    _table(page, report.totals, y + 6)
    _alerts(page, report.alerts, y + 6)
    foot(page, report.device, 1, of)
    return page


def _table(page: Page, rows: tuple[tuple[str, str], ...], y: float) -> None:
    right = _MIDDLE_MM - 12
    page.add(Words(LEFT_MM, y, "Totals", 4.2, bold=True))
    for number, (name, value) in enumerate(rows):
        at = y + 7 + 6 * number
        page.add(Words(LEFT_MM, at, short(name, 44), 3.4))
        page.add(Words(right, at, value, 3.4, anchor="end"))
        page.add(Lines(((LEFT_MM, at + 1.8, right, at + 1.8),), drawing.SHADE, 0.2))


def _alerts(page: Page, rows: tuple[tuple[str, str, str], ...], y: float) -> None:
    page.add(Words(_MIDDLE_MM, y, f"Alerts ({len(rows)})", 4.2, bold=True))
    if not rows:
        page.add(Words(_MIDDLE_MM, y + 7, "None.", 3.4))
    for number, (kind, when, evidence) in enumerate(rows[:_ALERTS_MAX]):
        at = y + 7 + 8.2 * number
        page.add(Words(_MIDDLE_MM, at, short(kind, 40), 3.4, bold=True))
        page.add(Words(RIGHT_MM, at, when, 3.0, anchor="end"))
        page.add(Words(_MIDDLE_MM, at + 3.8, short(evidence, 84), 2.9, colour=drawing.GREY))
    if len(rows) > _ALERTS_MAX:
        more = f"and {len(rows) - _ALERTS_MAX} more"
        page.add(Words(_MIDDLE_MM, y + 7 + 8.2 * _ALERTS_MAX, more, 3.2))
