from datetime import UTC, datetime

import orjson
import pytest

from core.errors import Incorrect
from fhir.bulk.capability import INSTANTIATES, with_exports
from fhir.bulk.manifest import deletion
from fhir.bulk.plan import Plan, Step, query, search_step
from fhir.search.capability import capability_statement
from fhir.search.registry import TYPES
from store.criteria import SortColumn, SortKey
from tests.conformance.checker import conformant

BASE = "http://ecg.test/fhir"
SINCE = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(f"{BASE}/$export", BASE, (Step("Flag"), Step("Flag", True))),
        Plan("u", BASE, (Step("Flag", filters=("a=b", "c=d")),), SINCE, ("p1",), True, False),
    ],
)
def test_a_plan_survives_being_kept(plan: Plan) -> None:
    kept = orjson.loads(orjson.dumps(plan.to_json()))
    assert Plan.from_json(kept) == plan
    assert plan.types == ("Flag",)


def test_a_filter_is_a_search_in_the_order_of_ids() -> None:
    found = query("Flag", "status=active&_lastUpdated=gt2026", BASE)
    assert found.type == "Flag"
    assert len(found.clauses) == 2
    assert found.order == (SortKey(SortColumn.ID),)


@pytest.mark.parametrize(
    "text", ["_count=1", "_sort=_id", "_include=Flag:subject", "_include:iterate=x", "colour=red"]
)
def test_a_filter_says_something_of_a_resource(text: str) -> None:
    with pytest.raises(Incorrect):
        query("Flag", text, BASE)


def test_a_search_keeps_what_it_asks_and_not_how_it_is_shown() -> None:
    applied = (("_sort", "-date"), ("code", "a|b,c\\,d"), ("_count", "5"), ("status", "ä&="))
    step = search_step(TYPES["Observation"], applied)
    again = query("Observation", step.filters[0], BASE)
    assert again == query("Observation", "code=a%7Cb%2Cc%5C%2Cd&status=%C3%A4%26%3D", BASE)


def test_a_deletion_is_a_transaction() -> None:
    conformant(deletion("Patient", "p1"))


def test_the_capability_statement_names_the_operations() -> None:
    statement = with_exports(capability_statement(BASE, "1", SINCE))
    conformant(statement)
    assert INSTANTIATES in statement["instantiates"]
    (rest,) = statement["rest"]
    assert [operation["name"] for operation in rest["operation"]] == ["export"]
    named = {(r["type"], o["name"]) for r in rest["resource"] for o in r.get("operation", [])}
    assert {type_ for type_, name in named if name == "export"} == {"Patient", "Group"}
