"""What declarations of several types share: writing, subjects, encounters, status.

Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from dataclasses import replace

from fhir.search import params
from fhir.search import values as extract
from fhir.search.params import READS, Interaction, Kind, ResourceType, SearchParam

EVERY_TYPE = (
    "Observation", "DiagnosticReport", "DocumentReference", "Flag", "Patient", "Device",
    "DeviceMetric", "Encounter", "ServiceRequest", "CareTeam", "Practitioner", "PractitionerRole",
    "Organization", "Location", "Group", "Subscription", "Provenance", "Task",
    "Communication", "Goal",
)  # fmt: skip
"""Where a reference may be to anything: what is here."""
PEOPLE = ("Practitioner", "PractitionerRole")
_WRITES = (Interaction.CREATE, Interaction.UPDATE, Interaction.PATCH, Interaction.DELETE)


def recorded(kind: ResourceType) -> ResourceType:
    """A type that the service writes, and clients read with its history."""
    return replace(kind, interactions=READS)


def writable(kind: ResourceType) -> ResourceType:
    """A type that clients write."""
    return replace(kind, interactions=(*READS, *_WRITES))


def concept(name: str, path: str, documentation: str, defined: str) -> SearchParam:
    """A token parameter of a CodeableConcept or Coding."""
    return params.token(name, extract.codings(path), documentation, defined)


def subject(defined: str, *targets: str) -> SearchParam:
    """The parameter ``subject``, of which a patient is the usual one."""
    others = ", ".join(f"{target}/id" for target in targets)
    text = f"The subject, as Patient/id (or id), or as {others}."
    values = extract.other_subjects("subject")
    return SearchParam(
        "subject", Kind.REFERENCE, text, defined, values, targets=("Patient", *targets)
    )


def encounter(path: str = "encounter", defined: str = "clinical-encounter") -> SearchParam:
    """The parameter ``encounter``."""
    text = "The encounter, as id or Encounter/id."
    return params.reference("encounter", path, text, defined, "Encounter")


def performer(path: str, documentation: str, defined: str, *targets: str) -> SearchParam:
    """The parameter ``performer``: people first, then ``targets``."""
    return params.reference("performer", path, documentation, defined, *PEOPLE, *targets)


def active(owner: str) -> SearchParam:
    """The parameter ``active``."""
    text = "Whether the record is in use, true or false."
    return params.boolean("active", "active", text, f"{owner}-active")


def status(owner: str, system: str, documentation: str) -> SearchParam:
    """The parameter ``status``; ``system`` is its code system's name at hl7.org/fhir."""
    system = f"http://hl7.org/fhir/{system}"
    return params.coded("status", "status", system, documentation, f"{owner}-status")
