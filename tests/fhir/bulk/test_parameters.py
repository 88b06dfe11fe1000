import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from fhir.bulk.parameters import Wanted, from_resource, parse

BASE = "http://ecg.test/fhir"


def test_nothing_asked_is_everything() -> None:
    assert parse([], BASE) == Wanted()


def test_filters_are_separated_where_another_begins() -> None:
    value = "Flag?status=active,inactive,Observation?code=a,b&status=final,Flag?code=x"
    assert parse([("_typeFilter", value)], BASE).filters == (
        ("Flag", "status=active,inactive"),
        ("Observation", "code=a,b&status=final"),
        ("Flag", "code=x"),
    )


def test_types_and_filters_may_repeat() -> None:
    wanted = parse([("_type", "Flag,Patient"), ("_type", "Device,Flag")], BASE)
    assert wanted.types == ("Flag", "Patient", "Device")
    twice = parse([("_typeFilter", "Flag?code=a"), ("_typeFilter", "Flag?code=b")], BASE)
    assert twice.filters == (("Flag", "code=a"), ("Flag", "code=b"))


def test_a_plus_sign_may_have_become_a_space() -> None:
    pairs = [
        ("_since", "2026-01-01T00:00:00.000 01:00"),
        ("_outputFormat", "application/fhir ndjson"),
    ]
    since = parse(pairs, BASE).since
    assert since is not None
    assert since.isoformat() == "2025-12-31T23:00:00+00:00"


def test_what_is_not_supported_is_told_or_left_out() -> None:
    with pytest.raises(Incorrect, match="no parameter '_elements'"):
        parse([("_elements", "id")], BASE)
    assert parse([("_elements", "id")], BASE, lenient=True).ignored == ("_elements",)


def test_there_may_be_so_many_patients() -> None:
    with pytest.raises(Incorrect, match="more than 10000"):
        parse([("patient", f"Patient/{n}") for n in range(10_001)], BASE)


json = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "valueString", "valueReference", "reference", "parameter"]),
            inner,
            max_size=3,
        )
    ),
)


@given(json)
def test_no_body_is_an_error_of_ours(body: object) -> None:
    try:
        pairs = from_resource({"resourceType": "Parameters", "parameter": body})
        parse(pairs, BASE)
    except Incorrect:
        pass


names = st.sampled_from(["_type", "_typeFilter", "_since", "_outputFormat", "patient"])


@given(st.lists(st.tuples(names, st.text(max_size=30)), max_size=4))
def test_no_parameter_is_an_error_of_ours(pairs: list[tuple[str, str]]) -> None:
    with contextlib.suppress(Incorrect):
        parse(pairs, BASE)
