"""Plain data to FHIR XML (https://hl7.org/fhir/R4/xml.html)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from core.errors import Incorrect
from core.json_text import loads
from fhir.values import Json
from fhir.xml.elements import Element, Kind, elements, resource_elements
from fhir.xml.names import FHIR, MAX_DEPTH
from fhir.xml.narrative import markup
from fhir.xml.text import attribute

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_STEP = "  "


def to_xml(resource: Json | bytes, *, pretty: bool = False) -> bytes:
    """A resource as FHIR XML in UTF-8; ``resource`` is JSON, or what ``core.json_text`` read.

    Raises Incorrect, naming the place, for what is no resource or has elements that its type
    does not have.
    """
    plain = loads(resource) if isinstance(resource, bytes) else resource
    writer = _Writer(pretty)
    writer.resource(plain, "", "", MAX_DEPTH, f' xmlns="{FHIR}"')
    return "".join([_DECLARATION, *writer.parts]).encode()


class _Writer:
    """Collects the document's parts; ``pretty`` begins a line for each element."""

    def __init__(self, pretty: bool) -> None:
        self.parts: list[str] = []
        self._pretty = pretty

    def resource(self, plain: Any, indent: str, where: str, room: int, xmlns: str = "") -> None:
        if not isinstance(plain, dict) or not isinstance(plain.get("resourceType"), str):
            raise Incorrect(f"{where or 'body'}: not a resource")
        type_ = plain["resourceType"]
        where = f"{where}.{type_}" if where else type_
        self._line(indent, f"<{type_}{xmlns}>")
        known = resource_elements(type_)
        self._elements({k: v for k, v in plain.items() if k != "resourceType"}, known,
                       indent + _STEP, where, room)  # fmt: skip
        self._line(indent, f"</{type_}>")

    def _elements(
        self, plain: Json, known: tuple[Element, ...], indent: str, where: str, room: int
    ) -> None:
        """The children of one element. Raises Incorrect for names that are not known."""
        if room == 0:
            raise Incorrect(f"{where}: nested more than {MAX_DEPTH} deep")
        names = {name.removeprefix("_") for name in plain}
        present = [element for element in known if element.name in names]
        if len(present) < len(names):
            unknown = min(names - {element.name for element in present})
            raise Incorrect(f"{where}: unknown element {unknown[:64]!r}")
        for element in present:
            if element.is_attribute:
                continue
            here, beside = f"{where}.{element.name}", plain.get(f"_{element.name}")
            for value, extra in _values(element, plain.get(element.name), beside, here):
                self._element(element, value, extra, indent, here, room - 1)

    def _element(
        self, element: Element, value: Any, extra: Any, indent: str, where: str, room: int
    ) -> None:
        if extra is not None and element.kind in (Kind.RESOURCE, Kind.COMPLEX, Kind.XHTML):
            raise Incorrect(f"{where}: only a primitive value has extensions beside it")
        if element.kind is Kind.RESOURCE:
            self._line(indent, f"<{element.name}>")
            self.resource(value, indent + _STEP, where, room)
            self._line(indent, f"</{element.name}>")
        elif element.kind is Kind.COMPLEX:
            self._tag(element.name, "", _object(value, where), element.type, indent, where, room)
        elif element.kind is Kind.XHTML:
            if not isinstance(value, str):
                raise Incorrect(f"{where}: not a string")
            self._line(indent, markup(value))
        else:
            written = "" if value is None else f' value="{_primitive(element, value, where)}"'
            beside = {} if extra is None else _object(extra, where)
            self._tag(element.name, written, beside, "Element", indent, where, room)

    def _tag(
        self, name: str, written: str, plain: Json, type_: str, indent: str, where: str, room: int
    ) -> None:
        """A start tag with its attributes, the children, and the end tag."""
        known = elements(type_)
        attributes = [e.name for e in known if e.is_attribute and e.name in plain]
        for of in attributes:
            if not isinstance(plain[of], str):
                raise Incorrect(f"{where}.{of}: not a string")
            written += f' {of}="{attribute(plain[of])}"'
        if len(attributes) == len(plain):
            self._line(indent, f"<{name}{written}/>")
            return
        self._line(indent, f"<{name}{written}>")
        self._elements(plain, known, indent + _STEP, where, room)
        self._line(indent, f"</{name}>")

    def _line(self, indent: str, text: str) -> None:
        self.parts.append(f"\n{indent}{text}" if self._pretty else text)


def _values(element: Element, value: Any, extra: Any, where: str) -> Iterator[tuple[Any, Any]]:
    """Each value with what stands beside it (``_birthDate``)."""
    if not element.is_list:
        yield value, extra
        return
    values, extras = ([] if item is None else item for item in (value, extra))
    if not isinstance(values, list) or not isinstance(extras, list):
        raise Incorrect(f"{where}: not an array")
    for number in range(max(len(values), len(extras))):
        yield (values[number] if number < len(values) else None,
               extras[number] if number < len(extras) else None)  # fmt: skip


def _object(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise Incorrect(f"{where}: not an object")
    return value


def _primitive(element: Element, value: Any, where: str) -> str:
    """The literal of a primitive value; numbers keep their digits."""
    if element.kind is Kind.BOOLEAN and isinstance(value, bool):
        return "true" if value else "false"
    if element.kind in (Kind.INTEGER, Kind.DECIMAL):
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
    elif element.kind is Kind.TEXT and isinstance(value, str):
        return attribute(value)
    raise Incorrect(f"{where}: not a value of its type")
