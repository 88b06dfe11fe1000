"""References and what a resource contains: ref-1, dom-2 to dom-5, types of targets.

Sources: https://hl7.org/fhir/R4/references.html, https://hl7.org/fhir/R4/domainresource.html
"""

import re
from collections.abc import Iterable, Iterator

from fhir.r4b import Element
from fhir.validation.issue import Issue, error
from fhir.validation.nodes import Node
from fhir.values import Json

MAX_CONTAINED = 20
_LITERAL = re.compile(
    r"(?:https?://[^\s\"<>\\]+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?"
)
_URN = re.compile(
    r"urn:(uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|oid:[0-2](\.(0|[1-9]\d*))+)"
)


def reference(node: Node) -> Iterator[Issue]:
    """What is wrong with a Reference."""
    literal, stated = node.value.get("reference"), node.value.get("type")
    allowed = _allowed(node.element)
    types = {stated} if stated else set()
    if literal is not None and literal.startswith("#"):
        types |= set(_contained(node, literal[1:]))
        if not _resolves(node, literal[1:]):
            yield error("invariant", f"ref-1: nothing contained is {literal[:40]!r}", node.where)
    elif literal is not None:
        found = _LITERAL.fullmatch(literal)
        if found is None and not _URN.fullmatch(literal):
            yield error("value", f"{literal[:40]!r} is no reference", node.where)
        types |= {found[1]} if found else set()
    if len(types) > 1:
        yield error("value", f"is of two types: {', '.join(sorted(types))[:80]}", node.where)
    elif allowed and types - allowed:
        told = f"{min(types)[:40]} is not one of {', '.join(sorted(allowed))}"
        yield error("value", told, node.where)


def _allowed(element: Element | None) -> frozenset[str]:
    """The types that may be referred to; empty where any may."""
    targets = element.targets if element is not None else frozenset[str]()
    return frozenset() if "Resource" in targets else targets


def _contained(node: Node, name: str) -> Iterable[str]:
    return (c["resourceType"] for c in node.root.get("contained", ()) if c["id"] == name)


def _resolves(node: Node, name: str) -> bool:
    """Whether "#name" is contained; "#" is the container, for what is contained."""
    return any(_contained(node, name)) if name else node.resource is not node.root


def contained(root: Json, all_nodes: Iterable[Node]) -> Iterator[Issue]:
    """What is wrong with what a resource contains."""
    inner = root.get("contained", ())
    where = f"{root['resourceType']}.contained"
    if len(inner) > MAX_CONTAINED:
        yield error("too-costly", f"at most {MAX_CONTAINED} contained resources", where)
    if len({c["id"] for c in inner}) < len(inner):
        yield error("value", "an id is given twice", where)
    used = _used(all_nodes)
    for number, resource in enumerate(inner):
        place = f"{where}[{number}]"
        meta = resource.get("meta", {})
        for name in {"versionId", "lastUpdated", "_versionId", "_lastUpdated"} & set(meta):
            yield error("invariant", f"dom-4: no {name} in what is contained", place)
        if "security" in meta:
            yield error("invariant", "dom-5: no security label in what is contained", place)
        if resource["id"] not in used:
            yield error("invariant", "dom-3: nothing refers to it", place)


def _used(all_nodes: Iterable[Node]) -> set[str]:
    """The ids of what is referred to, and of what refers to its container."""
    used: set[str] = set()
    for node in all_nodes:
        literal = node.value.get("reference") if node.type == "Reference" else None
        if literal == "#":
            used.add(node.resource["id"])
        elif literal is not None and literal.startswith("#"):
            used |= {literal[1:]} - {node.resource.get("id")}  # to oneself does not count
    return used
