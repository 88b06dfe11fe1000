import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.scopes import Action, Scope, allows, parse


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
        "patient/Observation.rs",
        "user/*.rs",
        "system/Observation.",
        "system/Observation.sr",
        "system/Observation.dus ",
        "system/Observation.rs?category=vital-signs",
        "system/observation.rs",
        "system/.rs",
        "xsystem/Observation.rs",
        "system/Observation.rss",
        "system/Observation.rs\n",
    ],
)
def test_grants_nothing(text: str) -> None:
    assert parse(text) is None


@given(st.lists(st.sampled_from("cruds"), unique=True), st.sampled_from("cruds"))
def test_a_letter_is_allowed_if_it_is_there(letters: list[str], asked: str) -> None:
    scope = "system/Flag." + "".join(sorted(letters, key="cruds".index))
    assert allows([scope], "Flag", Action(asked)) == (asked in letters)
    assert not allows([scope], "Patient", Action(asked))


@given(st.text())
def test_any_text_is_a_scope_or_none(text: str) -> None:
    parse(text)
