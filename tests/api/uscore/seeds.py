"""Resources that US Core's searches must tell apart, and those searches.

Source: US Core 7.0.0, CapabilityStatement us-core-server, the SHALL and SHOULD combinations of
each type (https://hl7.org/fhir/us/core/STU7/CapabilityStatement-us-core-server.html).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir.codes import CARDIOLOGY, HOLTER_STUDY, Code, concept
from fhir.values import Json, reference
from tests.api.support import BASE, LOINC, MDC, heart_rate, patient, strip

NOON = "2026-03-01T12:00:00.000Z"
BEFORE = "2026-02-01T12:00:00.000Z"
NUCC, ACT = "http://nucc.org/provider-taxonomy", "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SNOMED = "http://snomed.info/sct"
OTHER = Code("urn:other", "other", "Other", "")


@dataclass(frozen=True, slots=True)
class Field:
    """A search parameter: ``values`` find the wanted resource, ``other`` is what they must miss.

    ``also`` is a value that finds the other one: given as an alternative, both are found.
    """

    values: Sequence[str]
    other: Json
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """A resource, what it is found by, and each combination of that, its names apart by spaces."""

    wanted: Json
    fields: Mapping[str, Field]
    searches: Sequence[str]

    @property
    def type(self) -> str:
        return str(self.wanted["resourceType"])

    @property
    def decoys(self) -> dict[str, Json]:
        """For each field the same resource but for that field."""
        return {
            name: self.wanted | field.other | {"id": f"not-{name.removeprefix('_')}"}
            for name, field in self.fields.items()
            if name != "_id"
        }

    def found(self, search: str) -> set[str]:
        """The ids that a search gives: those of all resources that it does not tell apart."""
        names = search.split()
        alike = {} if "_id" in names else self.decoys
        return {self.wanted["id"], *(d["id"] for name, d in alike.items() if name not in names)}


def _id(name: str) -> Field:
    return Field([name], {})


def _token(code: str, system: str, other: Json, also: str | None = None) -> Field:
    return Field([f"{system}|{code}", code], other, also)


def _whose(element: str = "subject") -> Field:
    other = {element: reference("Patient", "p2")}
    return Field(["p1", "Patient/p1", f"{BASE}/Patient/p1"], other)


def _when(other: Json) -> Field:
    return Field([f"ge{NOON}", "2026-03-01", "gt2026-03-01T12:30:00+01:00"], other)


_AT, _AT_BEFORE = {"start": NOON, "end": NOON}, {"start": BEFORE, "end": BEFORE}
_ADDRESS = {"line": ["Main Street 1"], "city": "Boston", "state": "MA", "postalCode": "02110"}
_CODE = {"code": concept(OTHER)}
_CATEGORY = {"category": [concept(OTHER)]}
# Stored before the rest: the test asks for what is newer.
_NEWER = Field([], {})
_MINE = {"identifier": [{"system": "urn:id", "value": "mine"}]}
_OTHERS = {"identifier": [{"system": "urn:id", "value": "others"}]}
_IDENTIFIER = Field(["urn:id|mine", "mine"], _OTHERS)


def _address(**part: object) -> Json:
    return {"address": _ADDRESS | part}


PATIENT = Seed(
    patient("p1", name=[{"family": "Shaw", "given": ["Amy"]}], birthDate="1987-02-20",
            gender="female", deceasedDateTime="2026-01-02", **_MINE),
    {
        "_id": _id("p1"),
        "identifier": _IDENTIFIER,
        "name": Field(["Amy"], {"name": [{"family": "Shaw", "given": ["Ben"]}]}),
        "family": Field(["Shaw"], {"name": [{"family": "Wahs", "given": ["Amy"]}]}),
        "birthdate": Field(["1987-02-20", "lt1990"], {"birthDate": "1990-02-20"}),
        "gender": Field(["female"], {"gender": "male"}),
        "death-date": Field(["2026-01-02", "gt2026-01-01"], {"deceasedDateTime": "2025-01-02"}),
    },
    ["_id", "identifier", "name", "birthdate name", "gender name", "birthdate family",
     "family gender", "death-date family"],
)  # fmt: skip
PRACTITIONER = Seed(
    {"resourceType": "Practitioner", "id": "doctor", **_MINE,
     "name": [{"family": "House", "given": ["Ann"]}]},
    {"_id": _id("doctor"), "identifier": _IDENTIFIER,
     "name": Field(["House", "ann"], {"name": [{"family": "Else"}]})},
    ["_id", "identifier", "name"],
)  # fmt: skip
ROLE = Seed(
    {"resourceType": "PractitionerRole", "id": "role",
     "practitioner": reference("Practitioner", "doctor"),
     "organization": reference("Organization", "hospital"),
     "specialty": [concept(Code(NUCC, "207RC0000X", "Cardiology", ""))],
     "location": [reference("Location", "ward")]},
    {"specialty": _token("207RC0000X", NUCC, {"specialty": [concept(OTHER)]}),
     "practitioner": Field(["doctor", "Practitioner/doctor"],
                           {"practitioner": reference("Practitioner", "else")})},
    ["practitioner", "specialty"],
)  # fmt: skip
ORGANIZATION = Seed(
    {"resourceType": "Organization", "id": "hospital", "active": True, "name": "General",
     "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
     "address": [_ADDRESS]},
    {"name": Field(["gen"], {"name": "Special"}),
     "address": Field(["Boston", "main"], {"address": [{"city": "Bergen"}]})},
    ["name", "address"],
)  # fmt: skip
LOCATION = Seed(
    {"resourceType": "Location", "id": "ward", "status": "active", "name": "Ward 4", **_address(),
     "managingOrganization": reference("Organization", "hospital")},
    {"name": Field(["Ward"], {"name": "Hall"}),
     "address": Field(["Main"], _address(line=["Side Street 1"])),
     "address-city": Field(["Boston"], _address(city="Bergen")),
     "address-state": Field(["MA"], _address(state="NY")),
     "address-postalcode": Field(["02110"], _address(postalCode="10001"))},
    ["name", "address", "address-city", "address-state", "address-postalcode"],
)  # fmt: skip
ENCOUNTER = Seed(
    {"resourceType": "Encounter", "id": "stay", "status": "in-progress", **_MINE,
     "class": {"system": ACT, "code": "IMP"}, "subject": reference("Patient", "p1"),
     "type": [concept(Code(SNOMED, "183452005", "Emergency hospital admission", ""))],
     "period": _AT, "location": [{"location": reference("Location", "ward")}],
     "hospitalization": {"dischargeDisposition": {"coding": [{"system": "urn:d", "code": "home"}]}},
     "reasonCode": [{"text": "Syncope"}], "serviceProvider": reference("Organization", "hospital"),
     "participant": [{"individual": reference("Practitioner", "doctor")}]},
    {"_id": _id("stay"), "patient": _whose(), "_lastUpdated": _NEWER, "identifier": _IDENTIFIER,
     "date": _when({"period": _AT_BEFORE}),
     "class": _token("IMP", ACT, {"class": {"system": ACT, "code": "AMB"}}),
     "type": _token("183452005", SNOMED, {"type": [concept(OTHER)]}),
     "status": Field(["in-progress"], {"status": "finished"}, "finished"),
     "location": Field(["ward", "Location/ward"],
                       {"location": [{"location": reference("Location", "else")}]}),
     "discharge-disposition": _token("home", "urn:d", {
         "hospitalization": {"dischargeDisposition": concept(OTHER)}})},
    ["patient", "_id", "date patient", "identifier", "class patient", "patient type",
     "patient _lastUpdated", "patient status", "patient location",
     "patient discharge-disposition"],
)  # fmt: skip
CARE_TEAM = Seed(
    {"resourceType": "CareTeam", "id": "team", "status": "active",
     "subject": reference("Patient", "p1"),
     "participant": [{"role": [concept(Code(SNOMED, "17561000", "Cardiologist", ""))],
                      "member": reference("Practitioner", "doctor")},
                     {"member": reference("PractitionerRole", "role")},
                     {"member": reference("Patient", "p1")}]},
    {"patient": _whose(), "status": Field(["active"], {"status": "inactive"}, "inactive"),
     "role": _token("17561000", SNOMED, {"participant": [{"role": [concept(OTHER)]}]})},
    ["patient status", "patient role", "role"],
)  # fmt: skip
DEVICE = Seed(
    {"resourceType": "Device", "id": "d1", "status": "active",
     "patient": reference("Patient", "p1"),
     "type": concept(Code(MDC, "70000", "Monitor", ""))},
    {"patient": _whose("patient"), "type": _token("70000", MDC, {"type": concept(OTHER)}),
     "status": Field(["active"], {"status": "inactive"}, "inactive")},
    ["patient", "patient type", "patient status"],
)  # fmt: skip


def _observed(wanted: Json, code: str, system: str, category: str, later: Json) -> Seed:
    categories = "http://terminology.hl7.org/CodeSystem/observation-category"
    return Seed(
        wanted,
        {"patient": _whose(), "_lastUpdated": _NEWER, "date": _when(later),
         "code": _token(code, system, _CODE, "other"),
         "category": _token(category, categories, _CATEGORY),
         "status": Field(["final"], {"status": "entered-in-error"}, "entered-in-error")},
        ["patient code", "patient category date", "patient category", "patient code date",
         "patient category status", "patient category _lastUpdated"],
    )  # fmt: skip


HEART_RATE = _observed(
    heart_rate("hr"), "8867-4", LOINC, "vital-signs", {"effectiveDateTime": BEFORE}
)
CLINICAL_RESULT = _observed(
    strip("strip", n_samples=1), "131328", MDC, "procedure", {"effectivePeriod": _AT_BEFORE}
)


def _report(name: str, category: Json, code: str, system: str) -> Seed:
    return Seed(
        {"resourceType": "DiagnosticReport", "id": name, "status": "final",
         "category": [category], "code": concept(HOLTER_STUDY),
         "subject": reference("Patient", "p1"), "encounter": reference("Encounter", "stay"),
         "effectivePeriod": _AT, "issued": NOON,
         "performer": [reference("Organization", "hospital")],
         "result": [reference("Observation", "hr")]},
        {"patient": _whose(), "_lastUpdated": _NEWER,
         "date": _when({"effectivePeriod": _AT_BEFORE}),
         "category": _token(code, system, _CATEGORY),
         "code": _token("18754-2", LOINC, _CODE, "other"),
         "status": Field(["final"], {"status": "partial"}, "partial")},
        ["patient", "patient category", "patient code", "patient category date",
         "patient code date", "patient status", "patient category _lastUpdated"],
    )  # fmt: skip


_LABORATORY = Code("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory", "")
REPORT = _report("note", concept(CARDIOLOGY), "LP29708-2", LOINC)
LABORATORY = _report("laboratory", concept(_LABORATORY), "LAB", _LABORATORY.system)
ORDER = Seed(
    {"resourceType": "ServiceRequest", "id": "order", "status": "active", "intent": "order",
     "category": [concept(Code(SNOMED, "103693007", "Diagnostic procedure", ""))],
     "code": concept(HOLTER_STUDY), "subject": reference("Patient", "p1"),
     "encounter": reference("Encounter", "stay"), "authoredOn": NOON,
     "requester": reference("Practitioner", "doctor")},
    {"_id": _id("order"), "patient": _whose(), "authored": _when({"authoredOn": BEFORE}),
     "category": _token("103693007", SNOMED, _CATEGORY),
     "code": _token("18754-2", LOINC, _CODE, "other"),
     "status": Field(["active"], {"status": "completed"}, "completed")},
    ["patient", "_id", "patient category", "patient code", "patient category authored",
     "patient code authored", "patient status"],
)  # fmt: skip
DOCUMENT = Seed(
    {"resourceType": "DocumentReference", "id": "file", "status": "current",
     "type": concept(HOLTER_STUDY), "category": [concept(CARDIOLOGY)], "date": NOON,
     "subject": reference("Patient", "p1"), "author": [reference("Device", "d1")],
     "content": [{"attachment": {"url": "Binary/x", "contentType": "application/dicom"}}],
     "context": {"encounter": [reference("Encounter", "stay")], "period": _AT}},
    {"_id": _id("file"), "patient": _whose(), "date": _when({"date": BEFORE}),
     "type": _token("18754-2", LOINC, {"type": concept(OTHER)}),
     "category": _token("LP29708-2", LOINC, _CATEGORY),
     "period": _when({"context": {"period": _AT_BEFORE}}),
     "status": Field(["current"], {"status": "superseded"}, "superseded")},
    ["patient", "_id", "patient category", "patient category date", "patient type",
     "patient type period", "patient status"],
)  # fmt: skip
SEEDS = {
    "Patient": PATIENT,
    "Practitioner": PRACTITIONER,
    "PractitionerRole": ROLE,
    "Organization": ORGANIZATION,
    "Location": LOCATION,
    "Encounter": ENCOUNTER,
    "CareTeam": CARE_TEAM,
    "Device": DEVICE,
    "Observation heart rate": HEART_RATE,
    "Observation clinical result": CLINICAL_RESULT,
    "DiagnosticReport note": REPORT,
    "DiagnosticReport laboratory": LABORATORY,
    "ServiceRequest": ORDER,
    "DocumentReference": DOCUMENT,
}
