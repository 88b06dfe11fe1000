from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from fhir.search.literals import split, unescape
from fhir.search.params import UnknownParameter
from fhir.search.registry import TYPES
from fhir.search.request import Limits, Search, parse
from fhir.search.values import date_range, fold
from store.criteria import (
    Clause,
    DateClause,
    PatientClause,
    Prefix,
    SortColumn,
    SortKey,
    TextClause,
    TokenClause,
    TokenValue,
)

BASE = "https://ecg.test/fhir"


def _parse(*pairs: tuple[str, str], kind: str = "Observation", lenient: bool = False) -> Search:
    return parse(TYPES[kind], pairs, Limits(10, 100), BASE, lenient=lenient)


def _clause(name: str, value: str, kind: str = "Observation") -> Clause:
    (clause,) = _parse((name, value), kind=kind).query.clauses
    return clause


def test_tokens() -> None:
    assert _clause("code", "a,s|b,|c,t|") == TokenClause(
        ("code",),
        (TokenValue("a"), TokenValue("b", "s"), TokenValue("c", ""), TokenValue(None, "t")),
    )


def test_escapes() -> None:
    assert _clause("identifier", r"s\|x|a\,b\\") == TokenClause(
        ("identifier",), (TokenValue("a,b\\", "s|x"),)
    )
    assert _clause("code", r"a\$b\z") == TokenClause(("code",), (TokenValue(r"a$b\z"),))


@given(st.lists(st.text(min_size=1), min_size=1))
def test_escaping_is_undone(texts: list[str]) -> None:
    def escape(text: str) -> str:
        for character in "\\,|$":
            text = text.replace(character, "\\" + character)
        return text

    joined = ",".join(escape(text) for text in texts)
    assert [unescape(part) for part in split(joined, ",")] == texts


def test_references() -> None:
    for value in ("p", "Patient/p", f"{BASE}/Patient/p"):
        assert _clause("patient", value) == PatientClause(("p",))
        assert _clause("subject", value) == PatientClause(("p",))
    assert _clause("subject:Device", "d") == TokenClause(("subject",), (TokenValue("Device/d"),))
    assert _clause("device", "d") == TokenClause((), (TokenValue("Device/d"),), ("device",))


def test_combined_parameters_search_their_parts() -> None:
    combo = TokenClause((), (TokenValue("a"),), ("combo-code", "component-code"))
    assert _clause("combo-code", "a") == combo


def test_texts_are_folded() -> None:
    assert _clause("name", "JANE  Straße", "Patient") == TextClause("name", ("jane strasse",))
    assert fold(" A\tB ") == "a b"


def test_dates() -> None:
    clause = _clause("date", "ge2026-03-01T12:00:00+01:00,2025")
    assert isinstance(clause, DateClause)
    first, second = clause.tests
    noon = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert (first.prefix, first.low, first.high) == (Prefix.GE, noon, noon + timedelta(seconds=1))
    assert second.prefix is Prefix.EQ
    assert second.high - second.low == timedelta(days=365)
    spaced = _clause("date", "ge2026-03-01T12:00:00 01:00")  # a plus sign, not escaped
    assert spaced == DateClause((first,))


def test_approximately_is_wider_by_a_tenth_of_the_distance() -> None:
    clause = _clause("date", "ap2020-01-01")
    assert isinstance(clause, DateClause)
    (test,) = clause.tests
    margin = (datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC)) / 10
    wanted = datetime(2020, 1, 1, tzinfo=UTC) - margin
    assert abs(test.low - wanted) < timedelta(minutes=1)
    assert isinstance(_clause("date", "ap0001"), DateClause)
    assert isinstance(_clause("date", "ap9999"), DateClause)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01", 86_400),
        ("2026-02", 28 * 86_400),
        ("2024-02", 29 * 86_400),
        ("2026-03-01T12:30", 60),
        ("2026-03-01T12:30:15Z", 1),
        ("2026-03-01T12:30:15.5-05:00", 0.1),
        ("2026-03-01T12:30:15.123456789Z", 0.000001),
    ],
)
def test_precision_is_width(text: str, seconds: float) -> None:
    low, high = date_range(text)
    assert (high - low).total_seconds() == seconds


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))
def test_an_instant_lies_in_its_own_range(moment: datetime) -> None:
    text = moment.isoformat(timespec="microseconds")
    for precision in (4, 7, 10, 16, 19, 23, 26):
        low, high = date_range(text[:precision] if precision <= 10 else text[:precision] + "Z")
        assert low <= moment.replace(tzinfo=UTC) < high


@given(st.text())
def test_any_text_is_a_date_or_incorrect(text: str) -> None:
    try:
        low, high = date_range(text)
    except Incorrect:
        return
    assert low < high


def test_order() -> None:
    search = _parse(("_sort", "-date,_lastUpdated"))
    assert search.query.order == (
        SortKey(SortColumn.AT, descending=True),
        SortKey(SortColumn.LAST_UPDATED),
        SortKey(SortColumn.ID),
    )
    assert _parse(("_sort", "_id,date")).query.order == (SortKey(SortColumn.ID),)
    assert _parse().query.order[0] == SortKey(SortColumn.AT, descending=True)
    assert _parse(kind="Patient").query.order == (SortKey(SortColumn.ID),)


def test_results() -> None:
    assert _parse().count == 10
    assert _parse(("_count", "5")).count == 5
    capped = _parse(("_count", "5000"))
    assert (capped.count, capped.applied) == (100, (("_count", "100"),))
    assert _parse(("_count", "0")).total_only
    assert _parse(("_summary", "count")).total_only
    assert _parse(("_total", "accurate")).total
    assert not _parse(("_total", "none")).total
    assert _parse(("_cursor", "x"), ("code", "a")).applied == (("code", "a"),)


def test_lenient_leaves_the_unknown_out() -> None:
    search = _parse(("unicorn", "1"), ("code", "a"), lenient=True)
    assert search.applied == (("code", "a"),)
    assert len(search.ignored) == 1
    with pytest.raises(UnknownParameter):
        _parse(("unicorn", "1"))
    with pytest.raises(Incorrect):
        _parse(("date", "x"), lenient=True)
    for name in ("code:above", "_id:not"):  # https://hl7.org/fhir/R4/search.html#modifiers
        with pytest.raises(Incorrect, match="modifier"):
            _parse((name, "b"), lenient=True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["_sort", "_count", "code", "date", "patient", "_id", "x"]), st.text()
        )
    )
)
def test_any_parameters_are_a_search_or_incorrect(pairs: list[tuple[str, str]]) -> None:
    try:
        search = _parse(*pairs)
    except Incorrect:
        return
    assert search.count <= 100


def test_the_same_clause_again_asks_for_no_more() -> None:
    again = _parse(*[("status", "final,amended"), ("code", "a")] * 20).query.clauses
    assert again == _parse(("status", "final,amended"), ("code", "a")).query.clauses
