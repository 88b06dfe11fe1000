"""Every conformance resource of ours, by type and id; made once."""

from collections.abc import Mapping
from functools import cache

from fhir.profiles.definitions import operation_definitions, search_parameters
from fhir.profiles.structures import structures
from fhir.profiles.terminology import code_system, value_sets
from fhir.values import Json

TYPES = (
    "StructureDefinition",
    "CodeSystem",
    "ValueSet",
    "SearchParameter",
    "OperationDefinition",
)

PARAMS = (
    ("_id", "token", "Logical id."),
    ("url", "uri", "Canonical."),
    ("version", "token", "Business version."),
    ("name", "string", "Beginning of the computable name, case ignored."),
    ("status", "token", "active."),
)
"""What they are found by: name, type, meaning."""


@cache
def catalogue() -> Mapping[str, Mapping[str, Json]]:
    """Resources by id, by type. Not to be changed by who reads them."""
    found: dict[str, dict[str, Json]] = {type_: {} for type_ in TYPES}
    for resource in (
        *structures(),
        code_system(),
        *value_sets(),
        *search_parameters(),
        *operation_definitions(),
    ):
        found[resource["resourceType"]][resource["id"]] = resource
    return found


def look_up(type_: str, url: str | None, version: str | None, name: str | None) -> list[Json]:
    """Those of a type with this canonical, version and name; None is any."""
    return [
        resource
        for resource in catalogue()[type_].values()
        if url in (None, resource["url"])
        and version in (None, resource["version"])
        and (name is None or resource["name"].casefold().startswith(name.casefold()))
    ]
