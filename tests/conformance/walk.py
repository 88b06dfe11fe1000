"""Every element of a resource with its place in HL7's definitions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.conformance.definitions import definitions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One element that is in the resource.

    ``path`` is where it stands ("Observation.code"), ``type`` what it is ("CodeableConcept",
    or the path itself for a backbone element), ``where`` its place for a message, ``resource``
    the resource that holds it, ``root`` the one that holds that.
    """

    path: str
    type: str
    where: str
    value: Any
    resource: Json
    root: Json
    targets: tuple[str, ...] = ()


def walk(resource: Json, where: str = "", root: Json | None = None) -> Iterator[Node]:
    """The resource itself, then all elements below it, depth first."""
    kind = resource.get("resourceType", "")
    yield from _below(Node(kind, kind, where or kind, resource, resource, root or resource))


def _below(node: Node) -> Iterator[Node]:
    yield node
    if not isinstance(node.value, dict):
        return
    for name, value in node.value.items():
        found = child(node.type, name)
        if found is None:
            continue
        declared, definition, kind = found
        values = value if isinstance(value, list) else [value]
        for number, item in enumerate(values):
            suffix = f"[{number}]" if isinstance(value, list) else ""
            where = f"{node.where}.{name}{suffix}"
            if kind == "Resource" and isinstance(item, dict):
                yield from walk(item, where, node.root if name == "contained" else item)
                continue
            targets = tuple(definition["targets"])
            path = f"{node.type}.{declared}"
            yield from _below(Node(path, kind, where, item, node.resource, node.root, targets))


def child(parent: str, name: str) -> tuple[str, Json, str] | None:
    """The declared name, definition and type of property ``name``; None if there is none."""
    children: Json = definitions()["elements"].get(parent, {"children": {}})["children"]
    if name in children and not name.endswith("[x]"):
        return name, children[name], _type(parent, name, children[name])
    for declared, definition in children.items():
        stem = declared.removesuffix("[x]")
        if stem != declared and name.startswith(stem):
            for kind in definition["types"]:
                if name == stem + kind[0].upper() + kind[1:]:
                    return declared, definition, kind
    return None


def _type(parent: str, name: str, definition: Json) -> str:
    if definition["same_as"]:
        return str(definition["same_as"])
    path = f"{parent}.{name}"
    if definitions()["elements"].get(path, {}).get("children"):
        return path
    return str(definition["types"][0]) if definition["types"] else "Element"
