"""Fonts of the PDF: Helvetica, which every reader has, and DejaVu Sans for what that lacks.

DejaVu (free to embed, Bitstream Vera licence) comes with matplotlib, which wfdb needs; it knows
Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian and Georgian. Letters beyond it are shown as
boxes: the patient's identifier stands beside the name.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_BOX = "\N{WHITE SQUARE}"


def font_for(text: str, *, bold: bool) -> tuple[str, str]:
    """The font's name, and the text as it can show it."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    try:
        plain.encode("cp1252")
    except UnicodeEncodeError:
        name, known = _dejavu(bold)
        return name, "".join(c if ord(c) in known else _BOX for c in plain)
    return ("Helvetica-Bold" if bold else "Helvetica"), plain


def width_mm(text: str, size: float, *, bold: bool = False) -> float:
    """How wide ``text`` is on paper at ``size`` mm."""
    name, shown = font_for(text, bold=bold)
    return float(pdfmetrics.stringWidth(shown, name, size))


def fitting(text: str, most_mm: float, size: float, *, bold: bool = False) -> str:
    """``text``, cut where it would be wider than ``most_mm``; empty where nothing fits."""
    if width_mm(text, size, bold=bold) <= most_mm:
        return text
    cuts = (f"{text[:end]}…" for end in range(len(text) - 1, 0, -1))
    return next((cut for cut in cuts if width_mm(cut, size, bold=bold) <= most_mm), "")


@cache
def _dejavu(bold: bool) -> tuple[str, frozenset[int]]:
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None  # noqa: S101 (a dependency)
    name = "DejaVuSans-Bold" if bold else "DejaVuSans"
    path = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return name, frozenset(font.face.charToGlyph)
