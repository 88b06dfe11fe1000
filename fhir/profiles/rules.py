"""Rules of a profile: what it asks of an element beyond its base (a differential, in short).

https://hl7.org/fhir/R4/profiling.html
"""

from dataclasses import dataclass
from typing import Any

from fhir.codes import Code
from fhir.profiles.artefact import artefact
from fhir.values import Json, compact

R4 = "http://hl7.org/fhir/StructureDefinition"


@dataclass(frozen=True, slots=True)
class Rule:
    """One element: how often, of which type, and what it must have in it.

    ``pattern`` is a value that the element contains at least; its type stands in ``type``.
    """

    path: str
    short: str
    least: int = 1
    most: str | None = None
    type: str | None = None
    pattern: Any = None
    value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of one resource type; ``base`` is the canonical it derives from."""

    id: str
    title: str
    type: str
    description: str
    rules: tuple[Rule, ...]
    base: str | None = None


def coded(path: str, short: str, code: Code) -> Rule:
    """A CodeableConcept that has ``code`` among its codings."""
    pattern = {"coding": [{"system": code.system, "code": code.code}]}
    return Rule(path, short, type="CodeableConcept", pattern=pattern)


def structure(profile: Profile) -> Json:
    """The StructureDefinition of a profile, as a differential."""
    root = {"id": profile.type, "path": profile.type, "short": profile.title}
    return artefact(
        "StructureDefinition",
        profile.id,
        profile.title,
        profile.description,
        fhirVersion="4.0.1",
        kind="resource",
        abstract=False,
        type=profile.type,
        baseDefinition=profile.base or f"{R4}/{profile.type}",
        derivation="constraint",
        differential={"element": [root, *(_element(rule) for rule in profile.rules)]},
    )


def _element(rule: Rule) -> Json:
    binding = {"strength": "required", "valueSet": rule.value_set} if rule.value_set else None
    return compact(
        {
            "id": rule.path,
            "path": rule.path,
            "short": rule.short,
            "max": rule.most,
            "type": [{"code": rule.type}] if rule.type and rule.path.endswith("[x]") else None,
            "binding": binding,
        }
    ) | ({"min": rule.least, "mustSupport": True} | _pattern(rule))


def _pattern(rule: Rule) -> Json:
    return {} if rule.pattern is None else {f"pattern{rule.type}": rule.pattern}
