"""Strip -> page: header, lines of 10 s at 25 mm/s and 10 mm/mV, footer (A4, landscape).

https://doi.org/10.1161/CIRCULATIONAHA.106.180200 (Kligfield 2007) on scale and filters.
"""

from datetime import datetime

import numpy as np

from export.paper import drawing
from export.paper.drawing import HEIGHT_MM, WIDTH_MM, Lines, Page, Words
from export.paper.fonts import fitting, width_mm
from export.paper.grid import LEFT_MM, LINE_S, TRACE_LEFT_MM, Line, draw_line
from export.paper.sheet import DISCLAIMER, MM_PER_MV, MM_PER_S, Millivolts, Patient, Strip

RIGHT_MM = WIDTH_MM - LEFT_MM
_TOP_MM = 54.0
_BETWEEN_MM = 16.0
_HEIGHT_MIN, _HEIGHT_MAX = 40.0, 60.0
_MARGIN_MV = 0.5
LEGEND = (
    "Beats by neural network: N normal, S supraventricular, V ventricular, F fusion, Q unknown,"
    " A abnormal, ? not classified. Grey: no signal."
)


def strip_page(strip: Strip, number: int = 1, of: int = 1) -> Page:
    """The page of a strip of up to 20 s; what is longer is left off the paper, and said so."""
    page = Page()
    head(page, strip.header.title, strip.header.patient)
    _facts(page, strip)
    lines, clipped = lay_out(strip.mv, strip.rate_hz)
    for line in lines:
        draw_line(page, line, strip)
    _scale(page, strip, lines, clipped)
    foot(page, strip.header.device, number, of)
    return page


def lay_out(mv: Millivolts, rate_hz: float) -> tuple[list[Line], bool]:
    """The lines of paper, alike in height, and whether the trace leaves them."""
    per_line = round(LINE_S * rate_hz)
    low, high = _range(mv)
    height = float(np.clip((high - low) * MM_PER_MV, _HEIGHT_MIN, _HEIGHT_MAX))
    zero, clipped = zero_line(mv, height)
    tops = (_TOP_MM, _TOP_MM + height + _BETWEEN_MM)
    starts = range(0, len(mv), per_line)
    lines = [
        Line(start, min(start + per_line, len(mv)), top, height, zero)
        for start, top in zip(starts, tops, strict=False)
    ]
    return lines, clipped


def zero_line(mv: Millivolts, height: float) -> tuple[float, bool]:
    """Where 0 mV lies below the top of paper of that height in mm; whether the trace leaves it."""
    low, high = _range(mv)
    spare = height / MM_PER_MV - (high - low)
    # Large squares: 0 mV lies on a thick line.
    above = np.round((high + spare / 2) / _MARGIN_MV) * _MARGIN_MV
    zero = float(np.clip(above * MM_PER_MV, 5, height - 5))
    finite = mv[np.isfinite(mv)]
    top, bottom = zero / MM_PER_MV, (zero - height) / MM_PER_MV
    return zero, bool(finite.size and (finite.max() > top or finite.min() < bottom))


def _range(mv: Millivolts) -> tuple[float, float]:
    """From where to where the trace goes in mV, in large squares and with room around it."""
    finite = mv[np.isfinite(mv)]
    if finite.size == 0:
        return -1.0, 1.0
    low = np.floor(min(float(finite.min()) - 0.2, 0) / _MARGIN_MV) * _MARGIN_MV
    high = np.ceil(max(float(finite.max()) + 0.2, 1) / _MARGIN_MV) * _MARGIN_MV
    return float(low), float(high)


def head(page: Page, title: str, patient: Patient) -> None:
    """White paper, who it is, and what it is."""
    page.add(drawing.Area((0, 0, WIDTH_MM, HEIGHT_MM), "#ffffff"))
    known = (
        ("ID", patient.identifier or "not known"),
        ("born", patient.birth_date or "not known"),
    )
    title = fitting(title, 120, 4.6, bold=True)
    room = RIGHT_MM - LEFT_MM - width_mm(title, 4.6, bold=True) - 6
    name = fitting(short(patient.name or "Name not known", 48), room, 6.0, bold=True)
    page.add(Words(LEFT_MM, 19, name, 6.0, bold=True))
    about = "    ".join(f"{name} {fitting(short(value, 40), 90, 3.8)}" for name, value in known)
    page.add(Words(LEFT_MM, 25.5, about, 3.8))
    page.add(Words(RIGHT_MM, 19, title, 4.6, bold=True, anchor="end"))
    page.add(Lines(((LEFT_MM, 29, RIGHT_MM, 29),), drawing.GREY, 0.2))


def _facts(page: Page, strip: Strip) -> None:
    header = strip.header
    when = f"{header.started_at:%Y-%m-%d %H:%M:%S} {zone(header.started_at)}"
    page.add(Words(RIGHT_MM, 25.5, when, 3.8, anchor="end"))
    width = (RIGHT_MM - LEFT_MM) / max(len(header.facts), 1)
    for number, (name, value) in enumerate(header.facts):
        x = LEFT_MM + number * width
        page.add(Words(x, 33.6, name, 2.8, colour=drawing.GREY))
        page.add(Words(x, 38.6, short(value, 34), 4.2, bold=number == 0))
    if header.remarks:
        told = short("; ".join(header.remarks), 150)
        page.add(Words(LEFT_MM, 43.6, told, 3.0, colour=drawing.ALERT))


def _scale(page: Page, strip: Strip, lines: list[Line], clipped: bool) -> None:
    """Scale, filter and rate under the paper; beside a short last line, the legend."""
    bottom = lines[-1].top + lines[-1].height + 10 if lines else _TOP_MM
    said = (
        f"{MM_PER_S:g} mm/s    {MM_PER_MV:g} mm/mV    {strip.header.filter}    "
        f"{strip.rate_hz:g} Hz    single lead, electrode positions not known"
    )
    page.add(Words(LEFT_MM, bottom, said, 3.4, bold=True))
    page.add(Words(LEFT_MM, bottom + 5, LEGEND, 3.0, colour=drawing.GREY))
    shown = sum(line.stop - line.start for line in lines)
    if clipped:
        page.add(Words(RIGHT_MM, bottom, "The trace leaves the paper: cut off.", 3.0, True, "end"))
    if shown < len(strip.mv):
        left = (len(strip.mv) - shown) / strip.rate_hz
        page.add(Words(RIGHT_MM, bottom + 5, f"{left:.1f} s more are not shown.", 3.0, True, "end"))


def foot(page: Page, device: str, number: int, of: int) -> None:
    """What it is not, the device, and which page this is."""
    page.add(Lines(((LEFT_MM, 197, RIGHT_MM, 197),), drawing.GREY, 0.2))
    page.add(Words(LEFT_MM, 202, DISCLAIMER, 3.2, bold=True))
    page.add(
        Words((TRACE_LEFT_MM + RIGHT_MM) / 2 + 30, 202, short(device, 60), 2.8, False, "middle")
    )
    page.add(Words(RIGHT_MM, 202, f"page {number} of {of}", 3.2, anchor="end"))


def zone(moment: datetime) -> str:
    """The time zone of a moment, as UTC or +01:00."""
    offset = f"{moment:%z}"
    return "UTC" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}"


def short(text: str, longest: int) -> str:
    """``text``, cut where it would not fit."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
