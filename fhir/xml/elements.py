"""The elements of a type as XML has them: in HL7's order, some as attributes."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

from core.errors import Incorrect
from fhir import r4b


class Kind(Enum):
    """How the value of an element is written."""

    COMPLEX = auto()
    RESOURCE = auto()
    XHTML = auto()
    BOOLEAN = auto()
    INTEGER = auto()
    DECIMAL = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a type, as JSON names it ("valueQuantity"); ``type`` is that of its value.

    ``type`` is a data type ("Quantity") or a backbone element by its path without dots
    ("ObservationComponent"). ``is_attribute``: XML has it as an attribute.
    """

    name: str
    kind: Kind
    type: str
    is_list: bool
    is_attribute: bool


_KINDS = {
    "Resource": Kind.RESOURCE,
    "xhtml": Kind.XHTML,
    "boolean": Kind.BOOLEAN,
    "integer": Kind.INTEGER,
    "positiveInt": Kind.INTEGER,
    "unsignedInt": Kind.INTEGER,
    "decimal": Kind.DECIMAL,
}


@cache
def elements(type_: str) -> tuple[Element, ...]:
    """The elements of a resource type, data type or backbone element, in HL7's order.

    Raises Incorrect for what is no type.
    """
    bare = type_ not in ("Resource", "DomainResource") and not r4b.is_resource(type_)
    known = r4b.elements(type_)
    return tuple(_element(type_, known[name], bare) for name in r4b.order(type_))


def resource_elements(type_: str) -> tuple[Element, ...]:
    """``elements`` of what can be a resource by itself. Raises Incorrect for anything else."""
    if not r4b.is_resource(type_):
        raise Incorrect(f"{type_[:64]!r} is no resource type")
    return elements(type_)


def _element(type_: str, element: r4b.Element, bare: bool) -> Element:
    other = Kind.TEXT if element.is_primitive else Kind.COMPLEX
    is_attribute = (bare and element.name == "id") or (type_, element.name) == ("Extension", "url")
    kind = _KINDS.get(element.type, other)
    return Element(element.name, kind, element.type, element.many, is_attribute)
