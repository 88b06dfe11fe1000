"""Narratives: limited XHTML (https://hl7.org/fhir/R4/narrative.html, txt-1 and txt-2).

Whoever shows a narrative trusts whoever let it in: nothing active, nothing that is fetched.
"""

import re
from collections.abc import Iterator

from lxml import etree

MAX_DIV = 262_144
_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENT_NAMES = """
a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4
h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul
var
"""
_ATTRIBUTE_NAMES = """
abbr align alt axis bgcolor border cellpadding cellspacing char charoff cite class colspan compact
dir frame headers height href hreflang hspace id lang name nowrap rel rev rowspan rules scope span
src start style summary title type valign value vspace width
{http://www.w3.org/XML/1998/namespace}lang
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_HERE = r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?"
_LINKS = {"href": re.compile(rf"((?i:https?://|mailto:|tel:|#)\S*)|{_HERE}", re.ASCII)}
_LINKS["cite"] = _LINKS["href"]
_LINKS["src"] = re.compile(r"#\S+|data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=]+", re.ASCII)
_STYLE = re.compile(r"[\w\s:;#%.,\-]*", re.ASCII)
_LAYOUT = re.compile(r"position|behaviou?r|binding|z-index", re.IGNORECASE)


def problem(div: str) -> str | None:
    """What is wrong with a narrative's ``div``; None if nothing is."""
    if len(div) > MAX_DIV:
        return f"is longer than {MAX_DIV} characters"
    if "<!" in div or "<?" in div:
        return "must not have declarations, comments or instructions"
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(div.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return f"is no XHTML: {str(error)[:100]}"
    if root.tag != f"{_XHTML}div":
        return "must be a div of XHTML"
    found = next((p for element in root.iter() for p in _refused(element)), None)
    if found is not None:
        return found
    return None if "".join(root.itertext()).strip() else "must have text"


def _refused(element: etree._Element) -> Iterator[str]:
    tag = str(element.tag)
    if tag.removeprefix(_XHTML) not in _ELEMENTS or not tag.startswith(_XHTML):
        yield f"must not have {tag.removeprefix(_XHTML)[:40]!r}"
    for key, value in element.attrib.items():
        name, text = str(key), str(value)
        if name not in _ATTRIBUTES:
            yield f"must not have the attribute {name[:40]!r}"
        elif name in _LINKS and not _LINKS[name].fullmatch(text.strip()):
            yield f"must not have this {name}: {text[:40]!r}"
        elif name == "style" and (not _STYLE.fullmatch(text) or _LAYOUT.search(text)):
            yield "must not have this style"
