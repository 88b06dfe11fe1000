"""XHTML of a narrative: markup in XML, a string in JSON (https://hl7.org/fhir/R4/narrative.html)."""

from lxml import etree

from core.errors import Incorrect
from fhir.xml.names import XHTML
from fhir.xml.parsing import parse
from fhir.xml.text import attribute

_DIV = f"{{{XHTML}}}div"


def markup(div: str) -> str:
    """The ``div`` of a JSON narrative as it stands in XML: verbatim, if it is one.

    What is not well-formed is shown as text: one bad narrative must not hide a page of others.
    """
    try:
        found = parse(div.encode("utf-8", "surrogatepass")).tag == _DIV
    except Incorrect:
        found = False
    bare = div.partition("?>")[2] if div.lstrip().startswith("<?xml") else div
    return bare if found else f'<div xmlns="{XHTML}"><pre>{attribute(div)}</pre></div>'


def string(div: etree._Element) -> str:
    """The ``div`` in XML as the string that JSON has. Raises Incorrect for another element."""
    if div.tag != _DIV:
        raise Incorrect("a narrative's div must be an XHTML div")
    # Declarations of the elements around it are not its own.
    alone = etree.fromstring(etree.tostring(div, with_tail=False))
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode", with_tail=False)
