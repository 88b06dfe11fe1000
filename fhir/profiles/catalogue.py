"""Every conformance resource of ours, by type and id; made once."""

from collections.abc import Mapping
from functools import cache

from fhir.profiles.definitions import operation_definitions, search_parameters
from fhir.profiles.structures import structures
from fhir.profiles.terminology import code_system, value_sets
from fhir.search.literals import split, unescape
from fhir.values import Json

TYPES = (
    "StructureDefinition",
    "CodeSystem",
    "ValueSet",
    "SearchParameter",
    "OperationDefinition",
)


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


def look_up(type_: str, asked: Mapping[str, str]) -> list[Json]:
    """Those of a type that have, of each parameter, one of its values between commas.

    Parameters are elements, ``_id`` and the beginning of ``name``.
    """
    return [
        resource
        for resource in catalogue()[type_].values()
        if all(_has(resource, name, value) for name, value in asked.items())
    ]


def _has(resource: Json, name: str, value: str) -> bool:
    own = str(resource[name.removeprefix("_")])
    wanted = [unescape(each) for each in split(value, ",")]
    if name == "name":
        return any(own.casefold().startswith(each.casefold()) for each in wanted)
    return own in wanted
