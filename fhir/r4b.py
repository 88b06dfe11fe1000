"""The library's models: how strangers' resources are parsed, and which elements a type has.

https://hl7.org/fhir/R4. The library knows R4B and not R4; for the resource types of this service
their elements are the same. It does not enforce codes, reference types or invariants. Models are
imported at their first use, which takes about a second.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from core.errors import Incorrect
from fhir.resources.R4B import get_fhir_model_class

_SHOWN = 5


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

    ``type`` counts for COMPLEX ones only: a data type ("Quantity") or a backbone element by its
    path without dots ("ObservationComponent"). ``is_attribute``: XML has it as an attribute.
    """

    name: str
    kind: Kind
    type: str
    is_list: bool
    is_attribute: bool


@cache
def elements(type_: str) -> tuple[Element, ...]:
    """The elements of a resource type, data type or backbone element, in HL7's order.

    Raises Incorrect for a type that is none.
    """
    model = _model(type_)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    bare = not model.has_resource_base()
    order: list[str] = model.elements_sequence()
    return tuple(_element(type_, name, fields[name].annotation, bare) for name in order)


@cache
def resource_elements(type_: str) -> tuple[Element, ...]:
    """``elements`` of what can be a resource by itself. Raises Incorrect for anything else."""
    if type_ in _ABSTRACT or not _model(type_).has_resource_base():
        raise Incorrect(f"{type_[:64]!r} is no resource type")
    return elements(type_)


_ABSTRACT = frozenset({"Resource", "DomainResource"})


def _model(type_: str) -> Any:
    try:
        return get_fhir_model_class(type_)
    except (LookupError, ImportError, ValueError):
        raise Incorrect(f"{type_[:64]!r} is no FHIR type") from None


def _element(type_: str, name: str, annotation: Any, bare: bool) -> Element:
    inner, is_list = _bare(annotation)
    is_attribute = (bare and name == "id") or (type_, name) == ("Extension", "url")
    kind, of = Kind.TEXT, ""
    if (type_, name) == ("Narrative", "div"):
        kind = Kind.XHTML
    elif inner.__module__ == "abc":  # the library's names for what it imports later
        of = inner.__name__.removesuffix("Type")
        kind = Kind.RESOURCE if of == "Resource" else Kind.COMPLEX
    elif inner in _NUMBERS:
        kind = _NUMBERS[inner]
    return Element(name, kind, of, is_list, is_attribute)


_NUMBERS: dict[type, Kind] = {bool: Kind.BOOLEAN, int: Kind.INTEGER, Decimal: Kind.DECIMAL}


def _bare(annotation: Any) -> tuple[Any, bool]:
    """The type of one value, and whether there may be several."""
    is_list = False
    while (origin := get_origin(annotation)) is not None:
        is_list = is_list or origin is list
        inner = [item for item in get_args(annotation) if item is not NoneType]
        annotation = inner[0]
    return annotation, is_list


def check_form(resource: dict[str, Any], type_: str) -> None:
    """Check elements, data types and cardinalities of a resource of one type.

    Raises Incorrect, naming the elements that are wrong. The resource is not changed: what a
    client sent keeps its numbers and dates as they were written.
    """
    if resource.get("resourceType") != type_:
        raise Incorrect(f"resourceType must be {type_}")
    try:
        get_fhir_model_class(type_).model_validate(resource)
    except ValidationError as error:
        raise Incorrect(_message(type_, error)) from None


def _message(type_: str, error: ValidationError) -> str:
    issues = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, (type_, *issue['loc'])))}: {issue['msg']}" for issue in issues]
    return "; ".join(told[:_SHOWN]) + ("; ..." if len(told) > _SHOWN else "")
