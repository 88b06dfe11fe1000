"""Clauses against one version in hand: what a plain loop over all resources finds, and no more."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import Fault
from fhir.search import clauses
from fhir.search.held import Held, holds, is_tellable
from fhir.search.indexing import index
from fhir.search.registry import TYPES
from fhir.values import Json
from store.criteria import AnyOfClause, Clause, NotClause
from tests.api.search.kinds import KINDS, searches
from tests.api.search.oracle import fulfils
from tests.api.search.world import WORLD
from tests.api.support import BASE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HELD = {(body["resourceType"], body["id"]): Held(body["id"], NOW, index(body)) for body in WORLD}
drawn = st.sampled_from(["Observation"] * 4 + ["Patient"] * 2 + list(KINDS)).flatmap(
    lambda type_: st.tuples(st.just(type_), searches(type_))
)


def clause(type_: str, name: str, value: str) -> Clause:
    return clauses.clause(TYPES[type_], name, value, BASE)


@settings(max_examples=400, deadline=None)
@given(drawn)
def test_it_is_what_a_plain_loop_finds(search: tuple[str, list[tuple[str, str]]]) -> None:
    type_, pairs = search
    asked = [clause(type_, *pair) for pair in pairs]
    assume(all(map(is_tellable, asked)))
    found = [
        body["id"]
        for body in WORLD
        if body["resourceType"] == type_
        and all(holds(each, HELD[type_, body["id"]]) for each in asked)
    ]
    expected = [
        body["id"]
        for body in WORLD
        if body["resourceType"] == type_ and all(fulfils(body, pair) for pair in pairs)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("patient.family", "x"), ("patient._has:Observation:patient:code", "1")],
)
def test_what_asks_of_other_resources_is_not_told(name: str, value: str) -> None:
    chained = clause("Observation", name, value)
    for asked in (chained, NotClause(chained), AnyOfClause(((chained,),))):
        assert not is_tellable(asked)
        with pytest.raises(Fault):
            holds(asked, HELD["Observation", "o01"])


def _held(body: Json) -> Held:
    return Held(body["id"], NOW, index(body))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("eq2026-03-01", True), ("gt2026-03-01", False), ("lt2026-03-01T00:00:00Z", False),
     ("ge2026-03-01", True), ("2026-03-01T00:00:00.000Z", True), ("ne2026", False)],
)  # fmt: skip
def test_when_it_was_written(asked: str, expected: bool) -> None:
    assert holds(clause("Patient", "_lastUpdated", asked), _held(WORLD[0])) is expected
