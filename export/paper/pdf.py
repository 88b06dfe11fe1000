"""Pages -> PDF (ISO 32000), as vectors in true size: a millimetre is 72 / 25.4 points."""

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from export.paper.drawing import HEIGHT_MM, WIDTH_MM, Area, Curve, Lines, Page, Shape, Words
from export.paper.fonts import font_for


def pdf(pages: Sequence[Page], title: str) -> bytes:
    """The document. The same pages give the same bytes."""
    written = BytesIO()
    size = (WIDTH_MM * mm, HEIGHT_MM * mm)
    canvas = Canvas(written, pagesize=size, invariant=1, lang="en")
    canvas.setTitle(title)
    canvas.setCreator("hisbundle")
    for page in pages:
        # From here on millimetres from the top left; text is turned upright again.
        canvas.transform(mm, 0, 0, -mm, 0, size[1])
        canvas.setLineJoin(1)
        for shape in page.shapes:
            _draw(canvas, shape)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def _draw(canvas: Canvas, shape: Shape) -> None:
    match shape:
        case Lines():
            _pen(canvas, shape.colour, shape.width)
            canvas.lines(shape.segments)
        case Curve():
            _curve(canvas, shape)
        case Area():
            canvas.setFillColor(HexColor(shape.colour))
            canvas.rect(*shape.box, stroke=0, fill=1)
        case Words():
            _words(canvas, shape)


def _pen(canvas: Canvas, colour: str, width: float) -> None:
    canvas.setStrokeColor(HexColor(colour))
    canvas.setLineWidth(width)


def _curve(canvas: Canvas, curve: Curve) -> None:
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(*curve.clip)
    canvas.clipPath(clip, stroke=0, fill=0)
    _pen(canvas, curve.colour, curve.width)
    path = canvas.beginPath()
    first, *others = curve.points.tolist()
    path.moveTo(*first)
    for point in others:
        path.lineTo(*point)
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.restoreState()


def _words(canvas: Canvas, words: Words) -> None:
    font, text = font_for(words.text, bold=words.bold)
    canvas.saveState()
    canvas.translate(words.x, words.y)
    canvas.scale(1, -1)
    canvas.setFont(font, words.size)
    canvas.setFillColor(HexColor(words.colour))
    draw = {
        "start": canvas.drawString,
        "middle": canvas.drawCentredString,
        "end": canvas.drawRightString,
    }[words.anchor]
    draw(0, 0, text)
    canvas.restoreState()
