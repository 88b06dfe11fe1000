"""What resources of each type are found by: cases by hand, one resource a type."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.codes import PROVENANCE_PATIENT
from fhir.search.indexing import concept, index
from fhir.search.registry import TYPES
from fhir.values import Json, reference
from tests.conformance.checker import conformant

SYSTEM = "urn:s"


def _concept(code: str) -> Json:
    return {"coding": [{"system": SYSTEM, "code": code}]}


ADDRESS = {"use": "work", "line": ["Gate 3"], "city": "Graz", "postalCode": "8010",
           "country": "AT"}  # fmt: skip
CASES: list[tuple[Json, str]] = [
    (
        {
            "resourceType": "Patient", "id": "a", "active": True,
            "name": [{"family": "Novak", "given": ["Jana"]}],
            "telecom": [
                {"system": "phone", "use": "home", "value": "555"},
                {"system": "email", "value": "x@y"},
            ],
            "gender": "female", "deceasedDateTime": "2026-02", "address": [ADDRESS],
            "communication": [{"language": _concept("cs")}],
            "generalPractitioner": [reference("Practitioner", "gp")],
            "managingOrganization": reference("Organization", "o"),
            "link": [{"other": reference("Patient", "b"), "type": "seealso"}],
        },
        "active=true address=8010,AT,Gate 3,Graz address-city=Graz address-country=AT"
        " address-postalcode=8010 address-use=work deceased=true email=x@y family=Novak"
        " gender=female general-practitioner=Practitioner/gp given=Jana language=cs link=Patient/b"
        " name=Jana,Novak organization=Organization/o phone=555 telecom=555,x@y",
    ),
    (
        {
            "resourceType": "Practitioner", "id": "a", "name": [{"text": "Dr. Wu"}],
            "telecom": [{"system": "email", "value": "w@h"}], "communication": [_concept("zh")],
        },
        "communication=zh email=w@h name=Dr. Wu telecom=w@h",
    ),
    (
        {
            "resourceType": "PractitionerRole", "id": "a", "active": False,
            "practitioner": reference("Practitioner", "w"),
            "organization": reference("Organization", "o"), "code": [_concept("doctor")],
            "specialty": [_concept("cardio")], "location": [reference("Location", "l")],
        },
        "active=false location=Location/l organization=Organization/o"
        " practitioner=Practitioner/w role=doctor specialty=cardio",
    ),
    (
        {
            "resourceType": "Organization", "id": "a", "name": "Ward 4", "alias": ["W4"],
            "type": [_concept("dept")], "partOf": reference("Organization", "b"),
        },
        "name=W4,Ward 4 partof=Organization/b type=dept",
    ),
    (
        {
            "resourceType": "Location", "id": "a", "status": "active", "name": "Bed 1",
            "operationalStatus": {"system": SYSTEM, "code": "O"}, "address": ADDRESS,
            "managingOrganization": reference("Organization", "o"),
        },
        "address=8010,AT,Gate 3,Graz address-city=Graz address-country=AT"
        " address-postalcode=8010 address-use=work name=Bed 1 operational-status=O"
        " organization=Organization/o status=active",
    ),
    (
        {
            "resourceType": "Encounter", "id": "a", "status": "finished",
            "class": {"system": SYSTEM, "code": "IMP"}, "type": [_concept("t")],
            "subject": reference("Patient", "p"),
            "participant": [{"individual": reference("Practitioner", "w")}],
            "period": {"start": "2026-03-01"},
            "hospitalization": {"dischargeDisposition": _concept("home")},
            "location": [{"location": reference("Location", "l")}],
            "serviceProvider": reference("Organization", "o"),
        },
        "class=IMP discharge-disposition=home location=Location/l participant=Practitioner/w"
        " service-provider=Organization/o status=finished type=t",
    ),
    (
        {
            "resourceType": "CareTeam", "id": "a", "status": "active",
            "subject": reference("Patient", "p"), "encounter": reference("Encounter", "e"),
            "participant": [
                {"role": [_concept("nurse")], "member": reference("Practitioner", "n")}
            ],
        },
        "encounter=Encounter/e participant=Practitioner/n role=nurse status=active",
    ),
    (
        {
            "resourceType": "Device", "id": "a", "manufacturer": "ACME", "modelNumber": "M1",
            "deviceName": [{"name": "Patch", "type": "user-friendly-name"}],
            "udiCarrier": [{"deviceIdentifier": "0884"}], "patient": reference("Patient", "p"),
            "owner": reference("Organization", "o"), "url": "urn:dev",
        },
        "device-name=Patch manufacturer=ACME model=M1 organization=Organization/o udi-di=0884"
        " url=urn:dev",
    ),
    (
        {
            "resourceType": "DeviceMetric", "id": "a", "type": _concept("131328"),
            "source": reference("Device", "d"), "category": "measurement",
        },
        "category=measurement source=Device/d type=131328",
    ),
    (
        {
            "resourceType": "Subscription", "id": "a", "status": "requested", "reason": "r",
            "criteria": "Observation?code=x",
            "channel": {"type": "rest-hook", "endpoint": "https://h.test/x",
                        "payload": "application/fhir+json"},
        },
        "criteria=Observation?code=x payload=application/fhir+json status=requested"
        " type=rest-hook url=https://h.test/x",
    ),
    (
        {
            "resourceType": "ServiceRequest", "id": "a", "status": "active", "intent": "order",
            "priority": "stat", "category": [_concept("ecg")], "code": _concept("holter"),
            "subject": reference("Patient", "p"), "authoredOn": "2026-03-01",
            "requester": reference("Practitioner", "w"),
            "performer": [reference("Organization", "o"), reference("Patient", "p")],
            "requisition": {"system": SYSTEM, "value": "77"},
        },
        "category=ecg code=holter intent=order performer=Organization/o,Patient/p priority=stat"
        " requester=Practitioner/w requisition=77 status=active",
    ),
    (
        {
            "resourceType": "Group", "id": "a", "type": "person", "actual": True,
            "code": _concept("study"), "managingEntity": reference("Organization", "o"),
            "member": [{"entity": reference("Patient", "p")}],
        },
        "actual=true code=study managing-entity=Organization/o member=Patient/p type=person",
    ),
    (
        {
            "resourceType": "Provenance", "id": "a", "recorded": "2026-03-01T00:00:00Z",
            "extension": [{"url": PROVENANCE_PATIENT, "valueReference": reference("Patient", "p")}],
            "target": [reference("Observation", "x"), reference("Patient", "p")],
            "agent": [{"type": _concept("performer"), "who": reference("Device", "d")}],
            "entity": [{"role": "source", "what": reference("Observation", "y")}],
        },
        "agent=Device/d agent-type=performer entity=Observation/y"
        " target=Observation/x,Patient/p",
    ),
    (
        {
            "resourceType": "Observation", "id": "a", "status": "final", "code": _concept("c"),
            "subject": reference("Patient", "p"), "encounter": reference("Encounter", "e"),
            "performer": [reference("Practitioner", "w")], "method": _concept("m"),
            "basedOn": [reference("ServiceRequest", "s")], "focus": [reference("Device", "d")],
            "valueCodeableConcept": _concept("v") | {"text": "Sinus rhythm"},
            "hasMember": [reference("Observation", "y")],
            "derivedFrom": [reference("Observation", "z")],
            "component": [{"code": _concept("k"), "dataAbsentReason": _concept("error")}],
        },
        "based-on=ServiceRequest/s code=c combo-code=c component-code=k"
        " component-data-absent-reason=error derived-from=Observation/z encounter=Encounter/e"
        " focus=Device/d has-member=Observation/y method=m performer=Practitioner/w status=final"
        " value-concept=v value-string=Sinus rhythm",
    ),
    (
        {
            "resourceType": "DiagnosticReport", "id": "a", "status": "final",
            "code": _concept("c"), "subject": reference("Patient", "p"),
            "result": [reference("Observation", "x")], "conclusionCode": [_concept("n")],
            "resultsInterpreter": [reference("Practitioner", "w")],
            "basedOn": [reference("ServiceRequest", "s")],
        },
        "based-on=ServiceRequest/s code=c conclusion=n result=Observation/x"
        " results-interpreter=Practitioner/w status=final",
    ),
    (
        {
            "resourceType": "Flag", "id": "a", "status": "active", "code": _concept("c"),
            "subject": reference("Patient", "p"), "author": reference("Device", "d"),
            "encounter": reference("Encounter", "e"),
        },
        "author=Device/d code=c encounter=Encounter/e status=active",
    ),
    (
        {
            "resourceType": "Task", "id": "a", "status": "requested", "intent": "order",
            "priority": "stat", "code": _concept("c"), "for": reference("Patient", "p"),
            "focus": reference("Flag", "f"), "owner": reference("Practitioner", "w"),
            "requester": reference("Device", "d"), "basedOn": [reference("Flag", "g")],
            "partOf": [reference("Task", "t")], "performerType": [_concept("nurse")],
            "encounter": reference("Encounter", "e"), "businessStatus": _concept("b"),
            "authoredOn": "2026-03-01", "groupIdentifier": {"system": SYSTEM, "value": "5"},
        },
        "based-on=Flag/g business-status=b code=c encounter=Encounter/e focus=Flag/f"
        " group-identifier=5 intent=order owner=Practitioner/w part-of=Task/t performer=nurse"
        " priority=stat requester=Device/d status=requested",
    ),
    (
        {
            "resourceType": "Communication", "id": "a", "status": "completed",
            "identifier": [{"system": SYSTEM, "value": "5"}], "category": [_concept("alert")],
            "medium": [_concept("m")], "subject": reference("Patient", "p"),
            "recipient": [reference("CareTeam", "c")], "sender": reference("Device", "d"),
            "basedOn": [reference("Task", "t")], "partOf": [reference("Flag", "f")],
            "encounter": reference("Encounter", "e"), "sent": "2026-03-01T00:00:00Z",
            "received": "2026-03-01T00:00:01Z",
        },
        "based-on=Task/t category=alert encounter=Encounter/e identifier=5 medium=m"
        " part-of=Flag/f recipient=CareTeam/c sender=Device/d status=completed",
    ),
    (
        {
            "resourceType": "Goal", "id": "a", "lifecycleStatus": "active",
            "achievementStatus": _concept("improving"), "category": [_concept("alarm-limits")],
            "description": _concept("ring above 100"), "subject": reference("Patient", "p"),
            "startDate": "2026-03-01",
            "target": [{"measure": _concept("8867-4"), "detailString": "x",
                        "dueDate": "2026-04-01"}],
        },
        "achievement-status=improving category=alarm-limits description=ring above 100"
        " lifecycle-status=active",
    ),
    (
        {
            "resourceType": "DocumentReference", "id": "a", "status": "current",
            "subject": reference("Patient", "p"), "author": [reference("Device", "d")],
            "content": [{"attachment": {"contentType": "application/zip", "url": "Binary/b"},
                         "format": {"system": SYSTEM, "code": "wfdb"}}],
            "context": {"related": [reference("DiagnosticReport", "r")]},
        },
        "author=Device/d contenttype=application/zip format=wfdb location=Binary/b"
        " related=DiagnosticReport/r status=current",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "found"), CASES, ids=[body["resourceType"] for body, _ in CASES])
def test_tokens(body: Json, found: str) -> None:
    conformant(body)
    extracted: dict[str, set[str]] = {}
    for token in index(body).tokens:
        text = (
            token.system
            if TYPES[body["resourceType"]].params[token.param].kind == "string"
            else token.code
        )
        extracted.setdefault(token.param, set()).add(text)
    told = [f"{name}={','.join(sorted(values))}" for name, values in sorted(extracted.items())]
    assert " ".join(told) == found


def test_every_type_has_a_case() -> None:
    assert {body["resourceType"] for body, _ in CASES} == set(TYPES) - {"Binary"}


def test_whose_they_are_and_when() -> None:
    patients = {body["resourceType"]: index(body).patient_id for body, _ in CASES}
    assert {name for name, patient in patients.items() if patient == "p"} == {
        "Encounter", "CareTeam", "Device", "ServiceRequest", "Provenance", "Observation",
        "DiagnosticReport", "Flag", "DocumentReference", "Task", "Communication", "Goal",
    }  # fmt: skip
    by_type = {body["resourceType"]: index(body) for body, _ in CASES}
    assert by_type["Encounter"].at == datetime(2026, 3, 1, tzinfo=UTC)
    assert by_type["ServiceRequest"].at == datetime(2026, 3, 1, tzinfo=UTC)
    (death,) = by_type["Patient"].spans
    assert (death.param, death.low) == ("death-date", datetime(2026, 2, 1, tzinfo=UTC))


_CODES = st.lists(st.fixed_dictionaries({}, optional={
    "system": st.sampled_from(["s", "t", "\x00"]), "code": st.sampled_from(["a", "b", "a\x00"]),
}), max_size=3)  # fmt: skip
_CONCEPTS = st.fixed_dictionaries({}, optional={"coding": _CODES, "text": st.text(max_size=3)})


@given(_CONCEPTS, st.lists(_CONCEPTS, max_size=2))
def test_a_concept_alone_is_that_of_the_index(code: Json, categories: list[Json]) -> None:
    body = {"resourceType": "Observation", "id": "o", "status": "final", "code": code,
            "category": categories, "subject": reference("Patient", "p")}  # fmt: skip
    assert concept(body) == index(body).concept
