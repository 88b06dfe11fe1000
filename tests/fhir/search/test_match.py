"""Token clauses against resources in hand."""

from hypothesis import given
from hypothesis import strategies as st

from fhir.search.match import implies, matches
from fhir.search.registry import TYPES
from fhir.values import Json
from store.criteria import TokenClause, TokenValue

FLAG = TYPES["Flag"]
systems, codes = st.sampled_from(["", "a", "b"]), st.sampled_from(["x", "y"])
values = st.builds(TokenValue, st.none() | codes, st.none() | systems)
clauses = st.lists(values, min_size=1, max_size=3).map(
    lambda found: TokenClause(("category",), tuple(found))
)
pairs = st.lists(st.tuples(systems, codes), max_size=3)


def body(categories: list[tuple[str, str]]) -> Json:
    codings = [{"system": s, "code": c} if s else {"code": c} for s, c in categories]
    return {"resourceType": "Flag", "category": [{"coding": codings}]}


@given(pairs, clauses)
def test_one_coding_has_the_code_and_the_system(
    categories: list[tuple[str, str]], clause: TokenClause
) -> None:
    wanted = any(
        v.code in (None, code) and v.system in (None, system)
        for system, code in categories
        for v in clause.values
    )
    assert matches(FLAG, body(categories), clause) == wanted


@given(pairs, clauses, clauses)
def test_what_is_implied_matches_too(
    categories: list[tuple[str, str]], narrow: TokenClause, wide: TokenClause
) -> None:
    if implies(narrow, wide) and matches(FLAG, body(categories), narrow):
        assert matches(FLAG, body(categories), wide)
    assert implies(narrow, narrow)
    assert not implies(narrow, TokenClause(("code",), narrow.values))
