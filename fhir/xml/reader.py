"""FHIR XML to plain data, as JSON has it (https://hl7.org/fhir/R4/json.html#xml)."""

import re
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree

from core.errors import Incorrect
from fhir.values import Json
from fhir.xml.elements import Element, Kind, elements, resource_elements
from fhir.xml.names import FHIR, MAX_DEPTH, XSI
from fhir.xml.narrative import string
from fhir.xml.parsing import parse

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_BOOLEANS = {"true": True, "false": False}
_PREFIX = f"{{{FHIR}}}"
Tree = etree._Element


def from_xml(document: bytes) -> Json:
    """The resource in a document, for ``core.json_text.dumps``: decimals keep their digits.

    Raises Incorrect, with element and line, for what is no FHIR XML. Elements are taken in any
    order; codes, cardinalities and formats of strings are for others to check.
    """
    return _resource(parse(document), "", MAX_DEPTH)


def _resource(node: Tree, where: str, room: int) -> Json:
    type_ = _name(node, where)
    where = f"{where}.{type_}" if where else type_
    if _attributes(node, where):
        raise _wrong(node, where, "a resource has no attributes")
    _placed(lambda _: resource_elements(type_), node, where)
    return {"resourceType": type_} | _children(node, _by_name(type_), where, room)


@cache
def _by_name(type_: str) -> dict[str, Element]:
    return {element.name: element for element in elements(type_)}


def _children(node: Tree, known: dict[str, Element], where: str, room: int) -> Json:
    """The child elements as properties of one object."""
    if room == 0:
        raise _wrong(node, where, f"nested more than {MAX_DEPTH} deep")
    _only_elements(node, where)
    found: dict[str, list[tuple[Any, Json]]] = {}
    for child in node:
        # An XHTML div has a namespace of its own.
        name = _local(child) if etree.QName(child).localname == "div" else _name(child, where)
        element = known.get(name)
        if element is None or element.is_attribute:
            raise _wrong(child, where, f"unknown element {name[:64]!r}")
        values = found.setdefault(name, [])
        if values and not element.is_list:
            raise _wrong(child, where, f"{name} is given twice")
        here = f"{where}.{name}[{len(values)}]" if element.is_list else f"{where}.{name}"
        values.append(_value(child, element, here, room - 1))
    plain: Json = {}
    for name, element in known.items():
        if name in found:
            plain |= _properties(element, found[name])
    return plain


def _value(node: Tree, element: Element, where: str, room: int) -> tuple[Any, Json]:
    """The value, and what JSON has beside it (id and extensions of a primitive)."""
    if element.kind is Kind.XHTML:
        return _placed(string, node, where), {}
    if element.kind is Kind.RESOURCE:
        _only_elements(node, where)
        if len(node) != 1 or _attributes(node, where):
            raise _wrong(node, where, "one resource is expected within")
        return _resource(node[0], where, room), {}
    if element.kind is Kind.COMPLEX:
        return _object(node, element.type, _attributes(node, where), where, room), {}
    given = _attributes(node, where)
    literal = given.pop("value", None)
    beside = _object(node, "Element", given, where, room, may_be_empty=literal is not None)
    return (None if literal is None else _literal(node, element, literal, where)), beside


def _object(
    node: Tree, type_: str, given: dict[str, str], where: str, room: int, *,
    may_be_empty: bool = False,
) -> Json:  # fmt: skip
    known = _by_name(type_)
    plain: Json = {}
    for name, value in given.items():
        if name not in known or not known[name].is_attribute:
            raise _wrong(node, where, f"unknown attribute {name[:64]!r}")
        plain[name] = value
    plain |= _children(node, known, where, room)
    if not plain and not may_be_empty:
        raise _wrong(node, where, "an element must not be empty")
    return plain


def _literal(node: Tree, element: Element, literal: str, where: str) -> Any:
    if element.kind is Kind.TEXT:
        if not literal:
            raise _wrong(node, where, "a value must not be empty")
        return literal
    if element.kind is Kind.BOOLEAN and literal in _BOOLEANS:
        return _BOOLEANS[literal]
    if element.kind is Kind.INTEGER and _INTEGER.fullmatch(literal):
        return int(literal)
    if element.kind is Kind.DECIMAL and _DECIMAL.fullmatch(literal):
        whole = _INTEGER.fullmatch(literal) and literal != "-0"
        return int(literal) if whole else Decimal(literal)
    raise _wrong(node, where, f"{literal[:40]!r} is no {element.kind.name.lower()}")


def _properties(element: Element, values: list[tuple[Any, Json]]) -> Json:
    """One element's values as JSON properties: ``given`` and, where needed, ``_given``."""
    plain: Json = {}
    told, beside = [value for value, _ in values], [extra or None for _, extra in values]
    if any(value is not None for value in told):
        plain[element.name] = told if element.is_list else told[0]
    if any(extra is not None for extra in beside):
        plain[f"_{element.name}"] = beside if element.is_list else beside[0]
    return plain


def _attributes(node: Tree, where: str) -> dict[str, str]:
    """The attributes of no namespace. Raises Incorrect for those of one that is not XSI."""
    found: dict[str, str] = {}
    for name, value in node.attrib.items():
        qualified = etree.QName(name)
        if qualified.namespace is None:
            found[str(name)] = str(value)
        elif qualified.namespace != XSI:
            raise _wrong(node, where, f"unknown attribute {qualified.localname[:64]!r}")
    return found


def _name(node: Tree, where: str) -> str:
    tag = str(node.tag)
    if not tag.startswith(_PREFIX):
        raise _wrong(node, where, f"{_local(node)[:64]!r} is not of the namespace {FHIR}")
    return tag.removeprefix(_PREFIX)


def _local(node: Tree) -> str:
    return etree.QName(node).localname


def _only_elements(node: Tree, where: str) -> None:
    texts = (node.text, *(child.tail for child in node))
    if any(text and not text.isspace() for text in texts):
        raise _wrong(node, where, "text has no place here")


def _placed(read: Any, node: Tree, where: str) -> Any:
    try:
        return read(node)
    except Incorrect as error:
        raise _wrong(node, where, str(error)) from None


def _wrong(node: Tree, where: str, why: str) -> Incorrect:
    return Incorrect(f"{where or 'document'} (line {node.sourceline}): {why}")
