import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.access.scopes import WHOLE, Action, Rights, Scope, Way, allows, parse, ways, within
from store.criteria import TokenClause, TokenValue


@pytest.mark.parametrize(
    ("text", "type_", "letters"),
    [
        ("system/Observation.rs", "Observation", "rs"),
        ("system/*.cruds", "*", "cruds"),
        ("system/Device.c", "Device", "c"),
        ("system/Patient.read", "Patient", "rs"),
        ("system/Patient.write", "Patient", "cud"),
        ("system/*.*", "*", "cruds"),
    ],
)
def test_understood(text: str, type_: str, letters: str) -> None:
    assert parse(text) == Scope(type_, frozenset(Action(letter) for letter in letters))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openid",
        "patient/Unicorn.rs",
        "patient/Group.rs",
        "patient/AuditEvent.rs",
        "user/*.rs",
        "system/Observation.",
        "system/Observation.sr",
        "system/Observation.dus ",
        "system/Observation.dus",
        "system/Observation.rs?",
        "system/Observation.rs?code=1",
        "system/Observation.rs?category=",
        "system/Observation.rs?category=a&code=1",
        "system/Observation.rs?category:not=a",
        "system/Observation.rs?category=%00",
        "system/Observation.rs?category=%ff",
        "system/Observation.rs?category=a b",
        "system/Observation.read?category=a",
        "system/Patient.rs?category=a",
        "system/*.rs?category=a",
        "system/Unicorn.rs?category=a",
        "system/observation.rs",
        "system/.rs",
        "xsystem/Observation.rs",
        "system/Observation.rss",
        "system/Observation.rs\n",
    ],
)
def test_grants_nothing(text: str) -> None:
    assert parse(text) is None


def test_a_scope_may_be_narrowed_to_categories() -> None:
    scope = parse("system/Observation.rs?category=urn%3Aa%7Cx,y&category=urn:b|")
    first = TokenClause((), (TokenValue("x", "urn:a"), TokenValue("y")), ("category",))
    assert scope is not None
    assert scope.filter == (first, TokenClause((), (TokenValue(None, "urn:b"),), ("category",)))


def test_ways_add_up() -> None:
    narrow, other = "system/Flag.rs?category=a", "system/Flag.r?category=b"
    assert len(ways(Rights((narrow, other)), "Flag", Action.READ)) == 2
    assert len(ways(Rights((narrow, other)), "Flag", Action.SEARCH)) == 1
    assert ways(Rights((narrow, "system/*.r")), "Flag", Action.READ) == (WHOLE,)
    assert ways(Rights((narrow,)), "Patient", Action.READ) == ()
    assert not allows(Rights((narrow,)), "Flag", Action.READ)


P1 = frozenset({"p1"})


def test_scopes_of_patients_lead_to_these_and_to_the_directory() -> None:
    rights = Rights(("patient/*.cruds",), P1)
    for action in Action:
        assert ways(rights, "Observation", action) == (Way((), P1),)
        assert not allows(rights, "Observation", action)
        wanted = (WHOLE,) if action in "rs" else ()
        assert ways(rights, "Practitioner", action) == wanted
        assert ways(rights, "SearchParameter", action) == wanted
        for hidden in ("Group", "Subscription", "DeviceMetric", "AuditEvent", "Unicorn"):
            assert ways(rights, hidden, action) == ()
            assert parse(f"patient/{hidden}.rs") is None


def test_scopes_of_patients_are_of_nobody_without_any() -> None:
    for type_ in ("Observation", "Practitioner", "Binary"):
        assert ways(Rights(("patient/*.cruds",)), type_, Action.READ) == ()


def test_both_kinds_of_scopes_add_up() -> None:
    scopes = ("patient/Flag.rs", "system/Flag.rs?category=a", "patient/Flag.s?category=a")
    found = ways(Rights(scopes, P1), "Flag", Action.SEARCH)
    assert [(way.patients, len(way.filter)) for way in found] == [(P1, 0), (None, 1), (P1, 1)]
    whole = ways(Rights((*scopes, "system/*.read"), P1), "Flag", Action.READ)
    assert whole == (WHOLE,)
    mine, category, both = found
    assert mine.holds(both)
    assert category.holds(both)
    assert not any((both.holds(mine), mine.holds(category), category.holds(mine)))
    assert not mine.holds(Way((), frozenset({"p1", "p2"})))
    assert Way((), frozenset({"p1", "p2"})).holds(mine)


@pytest.mark.parametrize(
    ("asked", "registered", "granted"),
    [
        ("system/Flag.rs", "system/*.rs", True),
        ("system/*.rs", "system/Flag.rs", False),
        ("system/Flag.rs", "system/Flag.r system/*.s", True),
        ("system/Flag.cruds", "system/*.rs", False),
        ("system/Flag.read", "system/Flag.rs", True),
        ("system/Flag.rs?category=a", "system/Flag.rs", True),
        ("system/Flag.rs", "system/Flag.rs?category=a", False),
        ("system/Flag.rs?category=s|a", "system/Flag.rs?category=a", True),
        ("system/Flag.rs?category=a", "system/Flag.rs?category=s|a", False),
        ("system/Flag.rs?category=s|a", "system/Flag.rs?category=s|", True),
        ("system/Flag.rs?category=a,b", "system/Flag.rs?category=a", False),
        ("system/Flag.rs?category=a", "system/Flag.rs?category=a,b", True),
        ("system/Flag.rs?category=a&category=b", "system/Flag.rs?category=b", True),
        ("system/Flag.rs?category=a", "system/Flag.rs?category=a&category=b", False),
        ("hisbundle/metrics", "system/*.cruds", False),
        ("hisbundle/metrics", "hisbundle/metrics", True),
        ("patient/*.rs", "system/*.cruds", False),
        ("system/Flag.rs", "patient/*.cruds", False),
        ("patient/Flag.read", "patient/*.rs", True),
        ("patient/Flag.rs?category=a", "patient/Flag.rs", True),
        ("patient/Flag.rs", "patient/Flag.rs?category=a", False),
        ("patient/Group.rs", "patient/*.rs", False),
    ],
)
def test_what_lies_within_what_is_registered(asked: str, registered: str, granted: bool) -> None:
    assert within(asked, registered.split()) == granted


@given(st.lists(st.sampled_from("cruds"), unique=True), st.sampled_from("cruds"))
def test_a_letter_is_allowed_if_it_is_there(letters: list[str], asked: str) -> None:
    scope = "system/Flag." + "".join(sorted(letters, key="cruds".index))
    assert allows(Rights((scope,)), "Flag", Action(asked)) == (asked in letters)
    assert not allows(Rights((scope,)), "Patient", Action(asked))


@given(st.text())
def test_any_text_is_a_scope_or_none(text: str) -> None:
    parse(text)
