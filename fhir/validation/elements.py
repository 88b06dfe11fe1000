"""The elements of R4 types: the library's, less what is R4B's or is cut short there.

Source: https://hl7.org/fhir/R4/resourcelist.html; a test compares them with HL7's definitions.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from fhir import r4b
from fhir.r4b import Element

WRITABLE = (
    "Patient", "Practitioner", "PractitionerRole", "Organization", "Encounter", "CareTeam",
    "Device", "DeviceMetric", "Location", "Subscription", "ServiceRequest", "Group",
    "Observation", "DiagnosticReport", "Flag", "Task", "Goal",
)  # fmt: skip
"""Resources that clients may send, and what a resource may contain."""

_ONLY_R4B = {"Extension": {"valueCodeableReference", "valueRatioRange"}}
_COMPARATORS = "< <= >= >"
_ENCOUNTER = (
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
)
_SUBJECTS = "Patient Group Device Location"
_CODES = {
    ("Observation", "status"): (
        "registered preliminary final amended corrected cancelled entered-in-error unknown"
    ),
    ("DiagnosticReport", "status"): (
        "registered partial preliminary final amended corrected appended cancelled"
        " entered-in-error unknown"
    ),
    ("Encounter", "status"): _ENCOUNTER,
    ("EncounterStatusHistory", "status"): _ENCOUNTER,
    ("Task", "status"): (
        "draft requested received accepted rejected ready cancelled in-progress on-hold failed"
        " completed entered-in-error"
    ),
    ("DeviceUdiCarrier", "entryType"): "barcode rfid manual card self-reported unknown",
    ("TimingRepeat", "when"): (
        "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS"
        " HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV"
    ),
    ("Expression", "language"): "text/cql text/fhirpath application/x-fhir-query",
    **{
        (type_, "comparator"): _COMPARATORS
        for type_ in ("Quantity", "Duration", "Distance", "Count", "Age")
    },
}
_TARGETS = {
    ("Observation", "subject"): _SUBJECTS,
    ("DiagnosticReport", "subject"): _SUBJECTS,
    ("GroupMember", "entity"): (
        "Device Group Medication Patient Practitioner PractitionerRole Substance"
    ),
}

SIBLING = Element("", "Element", False, False, None, frozenset(), frozenset())
"""What stands beside a primitive: its id and extensions."""


@cache
def elements(type_: str) -> Mapping[str, Element]:
    """The elements of a type by their JSON names."""
    without = _ONLY_R4B.get(type_, set())
    found = r4b.elements(type_).items()
    return {name: _mended(type_, element) for name, element in found if name not in without}


def _mended(type_: str, element: Element) -> Element:
    key = (type_, element.name)
    codes, targets = _CODES.get(key), _TARGETS.get(key)
    return replace(
        element,
        codes=frozenset(codes.split()) if codes else element.codes,
        targets=frozenset(targets.split()) if targets else element.targets,
    )
