"""Profiles that are known here, and what they ask beyond R4 itself.

Source: https://hl7.org/fhir/R4/vitalsigns.html and https://hl7.org/fhir/R4/heartrate.html
"""

from collections.abc import Callable, Iterator

from fhir.codes import UCUM
from fhir.profiles.artefact import canonical
from fhir.profiles.check import broken
from fhir.profiles.structures import PROFILES
from fhir.validation.invariant import chosen, has
from fhir.validation.issue import Issue, error
from fhir.values import Json

BASE = "http://hl7.org/fhir/StructureDefinition/"
VITAL_SIGNS = BASE + "vitalsigns"
HEART_RATE = BASE + "heartrate"
_LEAST_DATE = 8
"""vs-1: a date is at least as precise as a day."""


def vital_sign(resource: Json) -> Iterator[Issue]:
    """What a vital sign lacks."""
    if not _has(resource.get("category", []), "vital-signs"):
        yield _broken("needs the category vital-signs")
    if not resource.get("subject", {}).get("reference", "").startswith("Patient/"):
        yield _broken("needs a Patient as its subject, as Patient/id")
    if not has(resource, "effectiveDateTime", "effectivePeriod"):
        yield _broken("needs effectiveDateTime or effectivePeriod")
    if len(resource.get("effectiveDateTime", "2026-03-01")) < _LEAST_DATE:
        yield _broken("vs-1: needs a day at least")
    if not has(resource, "component", "hasMember") and not _answers(resource):
        yield _broken("vs-2: needs a value, a reason for its absence, components or members")
    if not all(map(_answers, resource.get("component", []))):
        yield _broken("vs-3: a component needs a value or a reason for its absence")


def heart_rate(resource: Json) -> Iterator[Issue]:
    """What a heart rate lacks."""
    yield from vital_sign(resource)
    if not _has([resource["code"]], "8867-4"):
        yield _broken("needs the LOINC code 8867-4")
    value = resource.get("valueQuantity")
    if any(name != "valueQuantity" for name in chosen(resource, "value")):
        yield _broken("needs a Quantity as its value")
    if value is not None and (value.get("code"), value.get("system")) != ("/min", UCUM):
        yield _broken("needs the unit /min")
    if value is not None and not {"value", "unit"} <= set(value):
        yield _broken("needs value and unit")


_CHECKS: dict[str, Callable[[Json], Iterator[Issue]]] = {
    VITAL_SIGNS: vital_sign,
    HEART_RATE: heart_rate,
}


_OURS = {canonical("StructureDefinition", profile.id): profile for profile in PROFILES}


def is_known(url: str, type_: str) -> bool:
    """Whether a resource of a type can be checked against a profile."""
    plain = url.partition("|")[0]
    if plain in _OURS:
        return _OURS[plain].type == type_
    return plain == BASE + type_ or (plain in _CHECKS and type_ == "Observation")


def conforms(resource: Json, url: str) -> Iterator[Issue]:
    """What a resource lacks of a profile; nothing of one that is not known."""
    plain = url.partition("|")[0]
    own = _OURS.get(plain)
    if own is not None and own.type == resource["resourceType"]:
        yield from (error("invariant", text, where) for where, text in broken(resource, own))
        plain = own.base or ""
    check = _CHECKS.get(plain)
    if check is not None and resource["resourceType"] == "Observation":
        yield from check(resource)


def _answers(value: Json) -> bool:
    return has(value, "value[x]", "dataAbsentReason")


def _broken(text: str) -> Issue:
    return error("invariant", text, "Observation")


def _has(concepts: list[Json], code: str) -> bool:
    return any(c.get("code") == code for concept in concepts for c in concept.get("coding", []))
