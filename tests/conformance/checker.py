"""The verdict on one resource or Bundle, offline, in three layers.

1. HL7's JSON schema: unknown elements, codes of required bindings, formats of primitives.
2. HL7's FHIRPath invariants, those of a claimed vital-signs profile among them.
3. Rules of our own (``rules``), for what those two do not say.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from tests.conformance import invariants, rules
from tests.conformance.definitions import definitions
from tests.conformance.rules import Resolver
from tests.conformance.walk import Json, walk


def check(resource: Any, resolver: Resolver | None = None) -> list[str]:
    """What is wrong with a resource, a message each; empty if nothing is.

    ``resource`` is anything that orjson serialises, or JSON bytes. ``resolver`` tells whether
    the target of a reference ("Patient/123") exists; without it nobody asks.
    """
    document = resource if isinstance(resource, bytes) else orjson.dumps(resource)
    plain = orjson.loads(document)
    if not isinstance(plain, dict):
        return ["a resource is a JSON object"]
    # Layers 2 and 3 rely on the shapes that layer 1 vouches for.
    return list(_schema(plain)) or [*_elements(plain, resolver)]


def conformant(resource: Any, resolver: Resolver | None = None) -> None:
    """Assert that ``check`` finds nothing."""
    wrong = check(resource, resolver)
    assert not wrong, "\n".join(wrong)


def _schema(resource: Json) -> Iterator[str]:
    for error in _validator().iter_errors(resource):
        place = ".".join(str(step) for step in error.instance_path) or "resource"
        yield f"{place}: {error.message[:300]}"


@cache
def _validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(definitions()["schema"])


def _elements(resource: Json, resolver: Resolver | None) -> Iterator[str]:
    for node in walk(resource):
        yield from rules.cardinality(node)
        yield from rules.emptiness(node)
        yield from rules.reference(node, resolver)
        yield from rules.quantity(node)
        yield from rules.ordered(node)
        yield from rules.sampled_data(node)
        yield from rules.narrative(node)
        if node.value is node.resource:
            yield from rules.heart_rate(node.resource)
            yield from rules.contained(node.resource)
        yield from invariants.broken(node)
