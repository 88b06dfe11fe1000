from datetime import UTC, datetime

from fhir.audit.declaration import AUDIT_EVENT
from fhir.search.capability import capability_statement
from fhir.search.registry import TYPES
from tests.conformance.checker import conformant


def test_it_is_made_of_the_declarations() -> None:
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    conformant(statement)
    types = {**TYPES, "AuditEvent": AUDIT_EVENT}
    for resource in statement["rest"][0]["resource"]:
        declared = {"_id", "_lastUpdated", *types[resource["type"]].params}
        if resource["type"] == "Binary":
            assert "searchParam" not in resource
        else:
            assert {param["name"] for param in resource["searchParam"]} == declared


def test_the_parameters_that_r4_lacks_have_a_definition_of_ours() -> None:
    statement = capability_statement("https://a.test/fhir", "1.2.3", datetime.now(UTC))
    (flag,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Flag"]
    ours = {p["name"] for p in flag["searchParam"] if "hisbundle" in p["definition"]}
    assert ours == {"status", "code", "category"}
