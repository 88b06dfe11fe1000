"""Every object of a resource whose shape is right, with its type and place."""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir.r4b import Element
from fhir.validation.elements import SIBLING, elements
from fhir.values import Json


@dataclass(frozen=True, slots=True)
class Node:
    """An object of ``type``; ``where`` is its FHIRPath.

    ``element`` is how it is declared where it stands, None for a resource itself; ``resource``
    holds it, and ``root`` is that resource or the one that contains it.
    """

    type: str
    value: Json
    where: str
    element: Element | None
    resource: Json
    root: Json


def nodes(resource: Json) -> Iterator[Node]:
    """The resource, then all below it, depth first."""
    kind = resource["resourceType"]
    yield from _below(Node(kind, resource, kind, None, resource, resource))


def _below(node: Node) -> Iterator[Node]:
    yield node
    known = elements(node.type)
    for name, content in node.value.items():
        element = known.get(name)
        if name.startswith("_"):
            element = SIBLING  # the id and extensions of a primitive
        if element is not None and not element.is_primitive:
            many = isinstance(content, list)
            for number, item in enumerate(content if many else [content]):
                where = f"{node.where}.{name}" + (f"[{number}]" if many else "")
                yield from _child(item, element, where, node)


def _child(value: Json, element: Element, where: str, parent: Node) -> Iterator[Node]:
    if element.type == "Resource":
        yield from _below(Node(value["resourceType"], value, where, None, value, parent.root))
    else:
        yield from _below(Node(element.type, value, where, element, parent.resource, parent.root))
