"""Elements of each resource type at its root: which a summary has, which are never left out.

Source: isSummary, min and isModifier of HL7's StructureDefinitions, https://hl7.org/fhir/R4/;
a test holds this table against them. ``[x]`` stands for a choice of types.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules"})
_EVERYWHERE = "text contained extension modifierExtension language"


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a type; ``kept`` are mandatory or modify the meaning of others."""

    summary: frozenset[str]
    others: frozenset[str]
    kept: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every element that a resource of the type may have."""
        return ALWAYS | self.summary | self.others

    def named(self, name: str) -> str | None:
        """The element that a property belongs to: ``value[x]`` for value or valueQuantity."""
        if name in self.all:
            return name
        choices = (choice for choice in self.all if choice.endswith("[x]"))
        return next((choice for choice in choices if _is_of(name, choice[:-3])), None)


def _is_of(name: str, stem: str) -> bool:
    rest = name.removeprefix(stem)
    return name.startswith(stem) and (not rest or rest[0].isupper() or rest == "[x]")


def _elements(summary: str, others: str = "", kept: str = "") -> Elements:
    common = f"{others} {_EVERYWHERE}"
    always = f"{kept} modifierExtension"
    return Elements(*[frozenset(names.split()) for names in (summary, common, always)])


ELEMENTS: Mapping[str, Elements] = {
    "AuditEvent": _elements(
        "type subtype action recorded outcome outcomeDesc purposeOfEvent",
        "period agent source entity",
        "type recorded agent source",
    ),
    "CareTeam": _elements(
        "identifier status category name subject encounter period managingOrganization",
        "participant reasonCode reasonReference telecom note",
        "status",
    ),
    "Communication": _elements(
        "identifier instantiatesCanonical instantiatesUri basedOn partOf status statusReason "
        "priority subject encounter reasonCode reasonReference",
        "inResponseTo category medium topic about sent received recipient sender payload note",
        "status",
    ),
    "Device": _elements(
        "udiCarrier status safety",
        "identifier definition statusReason distinctIdentifier manufacturer manufactureDate "
        "expirationDate lotNumber serialNumber deviceName modelNumber partNumber type "
        "specialization version property patient owner contact location url note parent",
        "status",
    ),
    "DeviceMetric": _elements(
        "identifier type unit source parent operationalStatus color category "
        "measurementPeriod calibration",
        "",
        "type category",
    ),
    "DiagnosticReport": _elements(
        "identifier status category code subject encounter effective[x] issued performer "
        "resultsInterpreter media",
        "basedOn specimen result imagingStudy conclusion conclusionCode presentedForm",
        "status code",
    ),
    "DocumentReference": _elements(
        "masterIdentifier identifier status docStatus type category subject date author "
        "relatesTo description securityLabel content context",
        "authenticator custodian",
        "status content",
    ),
    "Encounter": _elements(
        "identifier status class type serviceType subject episodeOfCare participant "
        "appointment reasonCode reasonReference diagnosis",
        "statusHistory classHistory priority basedOn period length account hospitalization "
        "location serviceProvider partOf",
        "status class",
    ),
    "Flag": _elements(
        "identifier status category code subject period encounter author",
        "",
        "status code subject",
    ),
    "Goal": _elements(
        "lifecycleStatus achievementStatus category priority description subject start[x] "
        "statusDate expressedBy",
        "identifier target statusReason addresses note outcomeCode outcomeReference",
        "lifecycleStatus description subject",
    ),
    "Group": _elements(
        "identifier active type actual code name quantity managingEntity",
        "characteristic member",
        "type actual",
    ),
    "Location": _elements(
        "identifier status operationalStatus name description mode type physicalType "
        "managingOrganization",
        "alias telecom address position partOf hoursOfOperation availabilityExceptions endpoint",
        "status",
    ),
    "Observation": _elements(
        "identifier basedOn partOf status code subject focus encounter effective[x] issued "
        "performer value[x] hasMember derivedFrom component",
        "category dataAbsentReason interpretation note bodySite method specimen device "
        "referenceRange",
        "status code",
    ),
    "Organization": _elements(
        "identifier active type name partOf",
        "alias telecom address contact endpoint",
        "active",
    ),
    "Patient": _elements(
        "identifier active name telecom gender birthDate deceased[x] address "
        "managingOrganization link",
        "maritalStatus multipleBirth[x] photo contact communication generalPractitioner",
        "active deceased[x] link",
    ),
    "Practitioner": _elements(
        "identifier active name telecom address gender birthDate",
        "photo qualification communication",
        "",
    ),
    "PractitionerRole": _elements(
        "identifier active period practitioner organization code specialty location telecom",
        "healthcareService availableTime notAvailable availabilityExceptions endpoint",
        "",
    ),
    "Provenance": _elements(
        "target recorded",
        "occurred[x] policy location reason activity agent entity signature",
        "target recorded agent",
    ),
    "ServiceRequest": _elements(
        "identifier instantiatesCanonical instantiatesUri basedOn replaces requisition status "
        "intent category priority doNotPerform code orderDetail quantity[x] subject encounter "
        "occurrence[x] asNeeded[x] authoredOn requester performerType performer locationCode "
        "locationReference reasonCode reasonReference specimen bodySite patientInstruction",
        "insurance supportingInfo note relevantHistory",
        "status intent doNotPerform subject",
    ),
    "Subscription": _elements(
        "status contact end reason criteria error channel",
        "",
        "status reason criteria channel",
    ),
    "Task": _elements(
        "instantiatesCanonical instantiatesUri basedOn groupIdentifier partOf status statusReason "
        "businessStatus intent code description focus for encounter executionPeriod lastModified "
        "requester owner location",
        "identifier priority authoredOn performerType reasonCode reasonReference insurance note "
        "relevantHistory restriction input output",
        "status intent",
    ),
}
