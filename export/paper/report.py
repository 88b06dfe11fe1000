"""Report -> its first pages: findings and figures, trends and histograms, episodes and alerts."""

from textwrap import wrap

from export.paper import drawing
from export.paper.drawing import Lines, Page, Words
from export.paper.grid import LEFT_MM
from export.paper.histograms import rate_histogram, rr_histogram
from export.paper.layout import RIGHT_MM, foot, head, short
from export.paper.sheet import Report, Rows
from export.paper.trends import ectopy_trend, lanes, rate_trend

_PROSE_CHARS = 176
_PROSE_LINES = 11
_ALERTS_MAX = 12
_BETWEEN_MM = 9.0
_ROW_MM = 4.9
_WIDTH_MM = RIGHT_MM - LEFT_MM
_LANE_MM = 4.8
_COLUMNS = (0, 66, 86, 116, 136, 162, 182, 222)
_TITLES = (
    "Kind", "Number", "Total time", "Share", "Longest", "Fastest", "Longest began (UTC)",
    "In poor signal",
)  # fmt: skip
_NOT_CONFIRMED = "Findings of the software, not confirmed by a physician"


def report_pages(report: Report) -> list[Page]:
    """The pages before the strips, without their feet: those know how many pages there are."""
    return [_figures(report), _over_time(report), _episodes(report)]


def finish(page: Page, report: Report, number: int, of: int) -> Page:
    """The page with its foot."""
    foot(page, report.device, number, of)
    return page


def _begin(report: Report) -> Page:
    page = Page()
    head(page, report.title, report.patient)
    page.add(Words(RIGHT_MM, 25.5, report.period, 3.8, anchor="end"))
    return page


def _figures(report: Report) -> Page:
    page = _begin(report)
    page.add(Words(LEFT_MM, 35, _NOT_CONFIRMED, 3.8, bold=True))
    page.add(Words(RIGHT_MM, 35, report.status, 3.6, bold=True, anchor="end"))
    y = _findings(page, report, 40.5)
    deepest = max((len(rows) for _, rows in report.tables), default=0)
    width = (_WIDTH_MM - _BETWEEN_MM * (len(report.tables) - 1)) / max(len(report.tables), 1)
    for number, (title, rows) in enumerate(report.tables):
        _table(page, title, rows, LEFT_MM + number * (width + _BETWEEN_MM), y + 3, width)
    top = y + 3 + 6 + _ROW_MM * deepest + 5
    if report.minutes:
        rate_trend(page, report.minutes, (LEFT_MM + 8, top, _WIDTH_MM - 8, 180 - top))
    _signature(page)
    return page


def _findings(page: Page, report: Report, y: float) -> float:
    """Statements line by line, then remarks; where the next may begin."""
    told = [_indented(statement) for statement in report.findings]
    last = told.pop() if told else []
    lines = [line for statement in told for line in statement]
    room = _PROSE_LINES - len(last)
    if len(lines) > room:
        lines = [*lines[: room - 1], (LEFT_MM, "- More: see the table of episodes.")]
    for x, text in (*lines, *last):
        page.add(Words(x, y, text, 3.3))
        y += 4.4
    for remark in report.remarks:
        page.add(Words(LEFT_MM, y, short(remark, 150), 3.3, bold=True, colour=drawing.ALERT))
        y += 4.4
    return y


def _indented(statement: str) -> list[tuple[float, str]]:
    first, *more = wrap(statement, _PROSE_CHARS) or [""]
    return [(LEFT_MM, f"- {first}"), *((LEFT_MM + 2.4, text) for text in more)]


def _table(page: Page, title: str, rows: Rows, x: float, y: float, width: float) -> None:
    page.add(Words(x, y, title, 3.8, bold=True))
    for number, (name, value) in enumerate(rows):
        at = y + 5.6 + _ROW_MM * number
        page.add(Words(x, at, short(name, 34), 3.1))
        page.add(Words(x + width, at, short(value, 40), 3.1, anchor="end"))
        page.add(Lines(((x, at + 1.4, x + width, at + 1.4),), drawing.SHADE, 0.2))


def _signature(page: Page) -> None:
    """Where a physician signs."""
    for x, width, name in ((LEFT_MM, 80, "Reviewed by"), (LEFT_MM + 92, 45, "Date"),
                           (LEFT_MM + 149, 112, "Signature")):  # fmt: skip
        page.add(Words(x, 193.5, name, 2.8, colour=drawing.GREY))
        offset = 4 + 1.6 * len(name)
        page.add(Lines(((x + offset, 194, x + width, 194),), drawing.GREY, 0.2))


def _over_time(report: Report) -> Page:
    page = _begin(report)
    left = LEFT_MM + 52
    if report.minutes:
        height = _LANE_MM * (len(report.kinds) + 1)
        lanes(page, report.minutes, report.kinds, (left, 37, RIGHT_MM - left, height))
        top = 37 + height + 12
        ectopy_trend(page, report.minutes, (left, top, RIGHT_MM - left, min(125 - top, 48)))
    half = (_WIDTH_MM - 22) / 2
    rate_histogram(page, report.rates, (LEFT_MM + 8, 140, half, 46))
    rr_histogram(page, report.rr, (LEFT_MM + 22 + half, 140, half, 46))
    return page


def _episodes(report: Report) -> Page:
    page = _begin(report)
    page.add(Words(LEFT_MM, 36, "Episodes", 4.2, bold=True))
    for offset, title in zip(_COLUMNS, _TITLES, strict=True):
        page.add(Words(LEFT_MM + offset, 42, title, 2.9, colour=drawing.GREY))
    y = 47.0
    for row in report.episodes:
        cells = (row.kind, row.count, row.total, row.share, row.longest, row.fastest, row.began,
                 row.unverified)  # fmt: skip
        for offset, cell in zip(_COLUMNS, cells, strict=True):
            page.add(Words(LEFT_MM + offset, y, short(cell, 44), 3.2, bold=offset == 0))
        page.add(Lines(((LEFT_MM, y + 1.5, RIGHT_MM, y + 1.5),), drawing.SHADE, 0.2))
        y += 5.2
    if not report.episodes:
        page.add(Words(LEFT_MM, y, "None.", 3.2))
        y += 5.2
    _alerts(page, report.alerts, y + 7)
    return page


def _alerts(page: Page, rows: tuple[tuple[str, str, str], ...], y: float) -> None:
    page.add(Words(LEFT_MM, y, f"Alerts ({len(rows)})", 4.2, bold=True))
    fit = min(_ALERTS_MAX, int((186 - y) / 5.2))
    if not rows:
        page.add(Words(LEFT_MM, y + 6, "None.", 3.2))
    for number, (kind, when, evidence) in enumerate(rows[:fit]):
        at = y + 6 + 5.2 * number
        page.add(Words(LEFT_MM, at, short(kind, 34), 3.2, bold=True))
        page.add(Words(LEFT_MM + 62, at, when, 3.0))
        page.add(Words(LEFT_MM + 145, at, short(evidence, 74), 3.0, colour=drawing.GREY))
    if len(rows) > fit:
        page.add(Words(LEFT_MM, y + 6 + 5.2 * fit, f"and {len(rows) - fit} more", 3.2))
