from datetime import UTC, datetime

import pytest

from fhir.audit.declaration import AUDIT_EVENT
from fhir.profiles.capability import PARAMS
from fhir.profiles.catalogue import TYPES as CONFORMANCE
from fhir.search import operations
from fhir.search.capability import capability_statement
from fhir.search.operations import Operation
from fhir.search.registry import TYPES
from fhir.values import Json
from tests.conformance.checker import conformant


def test_it_is_made_of_the_declarations() -> None:
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    conformant(statement)
    types = {**TYPES, "AuditEvent": AUDIT_EVENT}
    for resource in statement["rest"][0]["resource"]:
        if resource["type"] in types:
            declared = {"_id", "_lastUpdated", *types[resource["type"]].params}
        if resource["type"] in CONFORMANCE:
            declared = {name for name, *_ in PARAMS}
        if resource["type"] == "Binary":
            assert "searchParam" not in resource
        else:
            assert {param["name"] for param in resource["searchParam"]} == declared


def _resources() -> dict[str, Json]:
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    return {resource["type"]: resource for resource in statement["rest"][0]["resource"]}


def test_what_clients_may_write() -> None:
    told = _resources()
    for name, resource in told.items():
        can = {interaction["code"] for interaction in resource["interaction"]}
        unwritten = ("Binary", "Provenance", "DocumentReference", "Communication", "AuditEvent")
        written = name not in (*unwritten, *CONFORMANCE)
        assert ({"create", "update", "patch", "delete"} <= can) == written
        for flag in ("updateCreate", "conditionalCreate", "conditionalUpdate"):
            assert resource[flag] == written
    assert [i["code"] for i in told["Binary"]["interaction"]] == ["read"]


def test_what_may_be_included() -> None:
    observation = _resources()["Observation"]
    assert {"Observation:subject", "Observation:device"} <= {*observation["searchInclude"]}
    referring = {"Observation:derived-from", "Provenance:target", "DiagnosticReport:result"}
    assert referring <= {*observation["searchRevInclude"]}


def test_parameters_tell_their_modifiers() -> None:
    documented = {p["name"]: p["documentation"] for p in _resources()["Patient"]["searchParam"]}
    assert ":exact, :contains. Sortable." in documented["family"]
    assert ":[type]" in documented["general-practitioner"]


def test_operations_stand_where_they_are_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    last = Operation("lastn", "http://a.test/lastn", "The last.", ("Observation", ""))
    monkeypatch.setattr(operations, "OPERATIONS", (last,))
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    conformant(statement)
    (rest,) = statement["rest"]
    assert rest["operation"][0]["name"] == "lastn"
    having = [resource["type"] for resource in rest["resource"] if "operation" in resource]
    assert having == ["Observation"]


def test_the_parameters_that_r4_lacks_have_a_definition_of_ours() -> None:
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    (flag,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Flag"]
    ours = {p["name"] for p in flag["searchParam"] if "hisbundle" in p["definition"]}
    assert ours == {"status", "code", "category"}
