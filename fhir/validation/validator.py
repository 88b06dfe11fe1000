"""The verdict on a resource that a stranger sent, before it is stored and served.

First its shape; where that is right, what its elements ask of each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from fhir.validation import limits, profiles, references, units, waveform
from fhir.validation.datatypes import DATATYPES
from fhir.validation.issue import Issue, Rejected, Severity, error, warning
from fhir.validation.nodes import Node, nodes
from fhir.validation.resources import RESOURCES
from fhir.validation.shape import shape
from fhir.values import Json

MAX_ISSUES = 50
_INVARIANTS = DATATYPES | RESOURCES
_ACTED_UPON = ("Subscription", "Group")
"""What the service itself acts upon: a modifier that it does not know would be ignored."""


def issues(resource: Json, type_: str, claimed: Sequence[str] = ()) -> tuple[Issue, ...]:
    """What is found about a resource that is to be of ``type_``, up to MAX_ISSUES findings.

    ``claimed`` are profiles to check besides those in ``meta.profile``. Numbers may be Decimal;
    the resource is not changed. It is good if no finding is an error.
    """
    found = tuple(islice(shape(resource, type_), MAX_ISSUES))
    return found or tuple(islice(_rules(resource, claimed), MAX_ISSUES))


def checked(resource: Json, type_: str) -> None:
    """Raises Rejected, with all findings, if any of them is an error."""
    found = issues(resource, type_)
    if any(issue.severity is Severity.ERROR for issue in found):
        raise Rejected(found)


def _rules(resource: Json, claimed: Iterable[str]) -> Iterator[Issue]:
    every = tuple(nodes(resource))
    for node in every:
        yield from _of_node(node)
        if node.value is node.resource:
            yield from _of_resource(node, claimed if node.resource is resource else ())
    yield from references.contained(resource, every)
    if resource["resourceType"] == limits.TYPE:
        yield from limits.problems(resource)
    if "text" not in resource:
        told = "dom-6: a resource should have a narrative"
        yield warning("invariant", told, resource["resourceType"])


def _of_node(node: Node) -> Iterator[Issue]:
    for rule in _INVARIANTS.get(node.type, ()):
        if not rule.holds(node.value):
            yield error("invariant", f"{rule.key}: {rule.text}", node.where)
    if node.type == "Reference":
        yield from references.reference(node)
    elif node.type == "SampledData":
        yield from waveform.sampled_data(node)
    elif node.type == "Quantity" and (wrong := units.problem(node.value)):
        yield error("code-invalid", wrong, node.where)
    if "modifierExtension" in node.value:
        yield _modified(node)


def _modified(node: Node) -> Issue:
    if node.resource["resourceType"] in _ACTED_UPON:
        return error("extension", "a modifier that is not known here", node.where)
    return warning("extension", "the modifier is kept, but not understood here", node.where)


def _of_resource(node: Node, claimed: Iterable[str]) -> Iterator[Issue]:
    if "implicitRules" in node.value:
        told = "rules that are not known here"
        yield error("not-supported", told, f"{node.where}.implicitRules")
    stated = node.value.get("meta", {}).get("profile", [])
    for url in dict.fromkeys((*stated, *claimed)):
        yield from profiles.conforms(node.value, url)
