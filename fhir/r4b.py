"""The library's models, where strangers' resources are parsed (https://hl7.org/fhir/R4).

The library knows R4B and not R4; for the resource types of this service their elements are the
same. It does not enforce codes, reference types or invariants. Models are imported at their
first use, which takes about a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from core.errors import Incorrect
from fhir.resources.R4B import get_fhir_model_class

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, as the library declares it.

    ``type`` is a primitive's name ("dateTime") or a type's ("Period", "ObservationComponent");
    ``choice`` the stem of a value[x]; ``codes`` and ``targets`` are empty where any will do.
    """

    name: str
    type: str
    many: bool
    required: bool
    choice: str | None
    codes: frozenset[str]
    targets: frozenset[str]

    @property
    def is_primitive(self) -> bool:
        """Whether its values are strings, numbers or booleans."""
        return self.type[0].islower()


@cache
def elements(type_: str) -> Mapping[str, Element]:
    """The elements of a resource or data type by their JSON names.

    Raises Incorrect for what is no type.
    """
    fields = _model(type_).model_fields
    found = (_element(field.alias or name, field) for name, field in fields.items())
    return {element.name: element for element in found if element is not None}


@cache
def required_choices(type_: str) -> frozenset[str]:
    """The stems of those value[x] of which a type must have one."""
    extras = (_extra(field) for field in _model(type_).model_fields.values())
    return frozenset(x["one_of_many"] for x in extras if x.get("one_of_many_required"))


def check_form(resource: dict[str, Any], type_: str) -> None:
    """Check elements, data types and cardinalities of a resource of one type.

    Raises Incorrect, naming the elements that are wrong. The resource is not changed: what a
    client sent keeps its numbers and dates as they were written.
    """
    if resource.get("resourceType") != type_:
        raise Incorrect(f"resourceType must be {type_}")
    try:
        _model(type_).model_validate(resource)
    except ValidationError as error:
        raise Incorrect(_message(type_, error)) from None


def _model(type_: str) -> type[BaseModel]:
    try:
        model: type[BaseModel] = get_fhir_model_class(type_)
    except (KeyError, LookupError, ValueError):
        raise Incorrect(f"there is no type {type_[:40]!r}") from None
    return model


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _element(name: str, field: FieldInfo) -> Element | None:
    """A field as an element; None for siblings of primitives and what else is no element."""
    extra = _extra(field)
    if not extra.get("element_property"):
        return None
    type_, many = _type(field.annotation)
    return Element(
        name,
        type_,
        many,
        bool(extra.get("element_required")) or field.is_required(),
        extra.get("one_of_many"),
        frozenset(extra.get("enum_values", ())),
        frozenset(extra.get("enum_reference_types", ())),
    )


def _type(annotation: Any) -> tuple[str, bool]:
    """The FHIR type behind an annotation, and whether it is in a list."""
    many = False
    while get_origin(annotation) in (Union, UnionType, list):
        many = many or get_origin(annotation) is list
        annotation = next(a for a in get_args(annotation) if a is not NoneType)
    if get_origin(annotation) is Annotated:
        name = type(annotation.__metadata__[0]).__name__
        return name[0].lower() + name[1:], many
    name = str(annotation.__name__)
    return ("boolean" if annotation is bool else name.removesuffix("Type")), many


def _message(type_: str, error: ValidationError) -> str:
    issues = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, (type_, *issue['loc'])))}: {issue['msg']}" for issue in issues]
    return "; ".join(told[:_SHOWN]) + ("; ..." if len(told) > _SHOWN else "")


@cache
def order(type_: str) -> tuple[str, ...]:
    """The names of a type's elements in HL7's order. Raises Incorrect for what is no type."""
    model: Any = _model(type_)
    return tuple(model.elements_sequence())


@cache
def is_resource(type_: str) -> bool:
    """Whether ``type_`` is a resource type. Raises Incorrect for what is no type at all."""
    model: Any = _model(type_)
    return type_ not in _ABSTRACT and bool(model.has_resource_base())


_ABSTRACT = frozenset({"Resource", "DomainResource"})
