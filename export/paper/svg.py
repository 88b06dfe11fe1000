"""Page -> SVG (https://www.w3.org/TR/SVG11/), in true millimetres when printed."""

from html import escape

from export.paper.drawing import HEIGHT_MM, WIDTH_MM, Area, Curve, Lines, Page, Shape, Words

_FONTS = "Helvetica, Arial, 'DejaVu Sans', 'Noto Sans', sans-serif"
_XML = dict.fromkeys(range(32)) | dict.fromkeys(range(55296, 57344)) | {
    0xFFFE: None, 0xFFFF: None, 127: None,
}  # fmt: skip
"""What XML has no place for."""


def svg(page: Page) -> str:
    """The document; a unit of it is a millimetre."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM:g}mm"'
            f' height="{HEIGHT_MM:g}mm" viewBox="0 0 {WIDTH_MM:g} {HEIGHT_MM:g}"'
            f' font-family="{_FONTS}" fill="none" stroke-linejoin="round">',
            *(_shape(shape) for shape in page.shapes),
            "</svg>\n",
        )
    )


def _shape(shape: Shape) -> str:
    match shape:
        case Lines():
            path = "".join(f"M{_n(a)} {_n(b)}L{_n(c)} {_n(d)}" for a, b, c, d in shape.segments)
            return f'<path d="{path}" stroke="{shape.colour}" stroke-width="{shape.width:g}"/>'
        case Curve():
            return _curve(shape)
        case Area():
            return f'<rect {_box(shape.box)} fill="{shape.colour}"/>'
        case Words():
            return _words(shape)


def _curve(curve: Curve) -> str:
    """A polyline in a viewport of its own, which cuts off what leaves it."""
    x, y, width, height = (_n(side) for side in curve.clip)
    points = " ".join(f"{_n(px)},{_n(py)}" for px, py in curve.points.tolist())
    return (
        f'<svg x="{x}" y="{y}" width="{width}" height="{height}"'
        f' viewBox="{x} {y} {width} {height}"><polyline points="{points}"'
        f' stroke="{curve.colour}" stroke-width="{curve.width:g}"/></svg>'
    )


def _words(words: Words) -> str:
    weight = ' font-weight="bold"' if words.bold else ""
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    text = escape(words.text.translate(_XML), quote=False)
    return (
        f'<text x="{_n(words.x)}" y="{_n(words.y)}" font-size="{words.size:g}"{weight}{anchor}'
        f' fill="{words.colour}" xml:space="preserve">{text}</text>'
    )


def _box(box: tuple[float, float, float, float]) -> str:
    names = ("x", "y", "width", "height")
    return " ".join(f'{name}="{_n(side)}"' for name, side in zip(names, box, strict=True))


def _n(value: float) -> str:
    """A hundredth of a millimetre is finer than any printer."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
