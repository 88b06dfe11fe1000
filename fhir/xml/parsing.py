"""Strangers' XML to a tree: no document type, no entities, no network, nothing without end.

https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html
"""

from lxml import etree

from core.errors import Incorrect


def parse(document: bytes) -> etree._Element:
    """The root of a document in UTF-8. Raises Incorrect, with line and column where it is known.

    libxml2 adds bounds of its own: 256 levels, 10 MB of text in one node.
    """
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Incorrect(f"not UTF-8: byte {error.start}") from None
    # Without a document type there are no entities to expand; comments may not name one either.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Incorrect("XML with a document type is not taken")
    try:
        return etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        told = (error.msg or "no document").partition(", line ")[0]
        raise Incorrect(f"not XML: {told[:200]} (line {line}, column {column})") from None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says: what was checked is what is parsed
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
