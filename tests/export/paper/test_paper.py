"""ECG paper: true to scale whatever is on it, and as agreed to the eye."""

import os
import re
import zlib
from base64 import a85decode
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.paper.drawing import HEIGHT_MM, WIDTH_MM, Curve, Lines, Page, Words
from export.paper.excerpts import excerpt_pages
from export.paper.fonts import width_mm
from export.paper.grid import LEFT_MM, TRACE_LEFT_MM
from export.paper.layout import RIGHT_MM, strip_page
from export.paper.pdf import pdf
from export.paper.report import finish, report_pages
from export.paper.sheet import MM_PER_MV, MM_PER_S, Patient
from export.paper.svg import svg
from tests.export.paper.pages import HEADER, REPORT, excerpt, strip

GOLDEN = Path(__file__).parent / "golden"
POINTS_PER_MM = 72 / 25.4
FIGURES, TRENDS, EPISODES = report_pages(REPORT)
PAGES = {
    "strip": strip_page(strip(), 2, 3),
    "figures": finish(FIGURES, REPORT, 1, 4),
    "trends": finish(TRENDS, REPORT, 2, 4),
    "episodes": finish(EPISODES, REPORT, 3, 4),
    "excerpts": finish(excerpt_pages([excerpt()], REPORT)[0], REPORT, 4, 4),
}


def curves(page: Page) -> list[Curve]:
    return [shape for shape in page.shapes if isinstance(shape, Curve)]


def words(page: Page) -> list[str]:
    return [shape.text for shape in page.shapes if isinstance(shape, Words)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_agreed(name: str) -> None:
    page = PAGES[name]
    drawn, path = svg(page), GOLDEN / f"{name}.svg"
    if os.environ.get("HISBUNDLE_GOLDEN") == "write":
        path.write_text(drawn)
    assert drawn == path.read_text()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 6000),
    st.sampled_from([100.0, 125.0, 128.0, 250.0, 360.0, 500.0]),
    st.floats(0.01, 20),
)
def test_a_second_is_25_mm_and_a_millivolt_is_10(n: int, rate: float, amplitude: float) -> None:
    made = replace(strip(n, rate, amplitude), no_signal=())
    pulses = 0
    drawn = []
    for curve in curves(strip_page(made)):
        if curve.clip[0] == LEFT_MM:
            pulses += 1
            assert np.ptp(curve.points[:, 1]) == pytest.approx(MM_PER_MV)
            assert curve.points[3, 0] - curve.points[2, 0] == pytest.approx(0.2 * MM_PER_S)
        else:
            drawn.append(curve.points)
            steps = np.diff(curve.points[:, 0])
            assert steps == pytest.approx(np.full(len(steps), MM_PER_S / rate))
    shown = made.mv[: 2 * round(10 * rate)]
    assert pulses == (1 if len(shown) <= round(10 * rate) else 2)
    assert sum(map(len, drawn)) == np.isfinite(shown).sum()
    if drawn:
        mv = -np.concatenate([np.diff(points[:, 1]) for points in drawn]) / MM_PER_MV
        expected = np.diff(shown)
        inside = np.isfinite(expected)
        inside[round(10 * rate) - 1 :: round(10 * rate)] = False  # where a line ends
        assert mv == pytest.approx(expected[inside], abs=1e-9)


def test_thick_lines_are_5_mm_apart_and_zero_lies_on_one() -> None:
    page = strip_page(strip())
    fine, coarse = [s for s in page.shapes if isinstance(s, Lines) and len(s.segments) > 30][:2]
    for lines, step in ((fine, 1.0), (coarse, 5.0)):
        xs = sorted({a for a, b, c, d in lines.segments if a == c})
        assert np.diff(xs) == pytest.approx(np.full(len(xs) - 1, step))
    zero = next(c.points[0, 1] for c in curves(page) if c.clip[0] == LEFT_MM)
    assert min(abs(zero - b) for a, b, c, d in coarse.segments if b == d) < 1e-9
    assert (TRACE_LEFT_MM - LEFT_MM) % 5 == 0


def test_the_svg_is_a4_in_millimetres() -> None:
    root = ElementTree.fromstring(svg(strip_page(strip())))  # noqa: S314 (our own)
    assert (root.get("width"), root.get("height")) == ("297mm", "210mm")
    assert root.get("viewBox") == "0 0 297 210"


def test_the_pdf_is_a4_in_points_and_drawn_in_millimetres() -> None:
    document = pdf([PAGES["figures"], strip_page(strip(), 2, 2)], "x")
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", document)
    assert len(boxes) == 2
    for width, height in boxes:
        assert float(width) == pytest.approx(WIDTH_MM * POINTS_PER_MM, abs=0.01)
        assert float(height) == pytest.approx(HEIGHT_MM * POINTS_PER_MM, abs=0.01)
    streams = [content(s) for s in re.findall(rb"stream\r?\n(.*?)endstream", document, re.S)]
    (drawn,) = [s for s in streams if b"74 /min" in s]
    matrix = [float(x) for x in re.findall(rb"([-\d. ]+) cm", drawn)[1].split()]
    expected = [POINTS_PER_MM, 0, 0, -POINTS_PER_MM, 0, HEIGHT_MM * POINTS_PER_MM]
    assert matrix == pytest.approx(expected, abs=1e-4)


def content(stream: bytes) -> bytes:
    try:
        return zlib.decompress(a85decode(b"<~" + stream.strip(), adobe=True))
    except (ValueError, zlib.error):
        return b""


def test_the_same_page_is_the_same_pdf() -> None:
    assert pdf([strip_page(strip())], "x") == pdf([strip_page(strip())], "x")


def test_what_a_clinician_looks_for_is_there() -> None:
    told = words(strip_page(strip(), 2, 3))
    for expected in (
        "Nováková, Jana", "ID MRN-4711    born 1958-07-04", "2026-03-01 13:00:00 +01:00",
        "74 /min", "1 mV", "lead off", "page 2 of 3", HEADER.device, "13:00:10.120",
        "Single lead, automated, not confirmed; not a diagnosis.",
    ):  # fmt: skip
        assert expected in told
    assert any("25 mm/s    10 mm/mV    0.5-40 Hz zero phase    25 Hz" in text for text in told)
    assert sorted(text for text in told if len(text) == 1) == sorted("A?NA?NA")


def test_what_does_not_fit_is_said() -> None:
    told = words(strip_page(strip(600, 25.0, 9.0)))
    assert "The trace leaves the paper: cut off." in told
    assert "4.0 s more are not shown." in told
    assert "and 8 more" in words(PAGES["episodes"])


def test_a_strip_without_any_signal_is_a_page_too() -> None:
    nothing = replace(strip(), mv=np.full(300, np.nan), beats=())
    assert pdf([strip_page(nothing)], "x").startswith(b"%PDF")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_name_can_be_printed(name: str, identifier: str) -> None:
    header = replace(HEADER, patient=Patient(name, identifier, ""))
    page = strip_page(replace(strip(), header=header))
    ElementTree.fromstring(svg(page))  # noqa: S314 (our own)
    assert pdf([page], name).startswith(b"%PDF")


def apart(page: Page, *baselines: float) -> None:
    """No word on these lines lies on another one, or off the paper."""
    for y in baselines:
        ends = []
        for each in page.shapes:
            if isinstance(each, Words) and abs(each.y - y) < 0.1:
                width = width_mm(each.text, each.size, bold=each.bold)
                left = each.x - {"start": 0, "middle": width / 2, "end": width}[each.anchor]
                ends.append((left, left + width))
        ends.sort()
        assert ends
        assert ends[0][0] >= LEFT_MM - 0.1
        assert ends[-1][1] <= RIGHT_MM + 0.1
        assert all(before[1] <= after[0] for before, after in pairwise(ends))


@pytest.mark.parametrize("letter", ["W", "i", "Ж", "王"])
def test_words_of_any_width_lie_side_by_side(letter: str) -> None:
    long = letter * 80
    header = replace(HEADER, title=long, patient=Patient(long, long, "1958-07-04"))
    apart(strip_page(replace(strip(), header=header)), 19, 25.5)
    shown = replace(excerpt(), strip=replace(strip(), header=header), told=long)
    (page,) = excerpt_pages([shown], replace(REPORT, patient=header.patient))
    apart(page, 19, 25.5, 35.9)
    header = replace(header, remarks=(long, long))
    (page,) = excerpt_pages([replace(shown, strip=replace(strip(), header=header))], REPORT)
    apart(page, 35.9)


@pytest.mark.parametrize("name", ["Иванова", "Παπαδόπουλος", "שרה", "王芳", "\x00\x07"])
def test_names_beyond_latin(name: str) -> None:
    page = strip_page(replace(strip(), header=replace(HEADER, patient=Patient(name, "1", ""))))
    embeds = b"DejaVuSans" in pdf([page], "x")
    assert embeds == (not name.isascii())
