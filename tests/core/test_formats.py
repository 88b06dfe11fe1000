import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from core.formats import FILES, MESSAGES, PAPER, Format, binary_id, parse_binary_id


@given(st.text(min_size=1, max_size=50), st.sampled_from(Format))
def test_an_id_names_resource_and_form(name: str, form: Format) -> None:
    assert parse_binary_id(binary_id(name, form)) == (name, form)


@pytest.mark.parametrize("name", ["", "x", "-pdf", "pdf", "x-", "x-PDF", "x-exe"])
def test_other_ids_name_nothing(name: str) -> None:
    with pytest.raises(NotFound):
        parse_binary_id(name)


def test_every_form_is_paper_a_file_or_a_message() -> None:
    assert {*PAPER, *FILES, *MESSAGES} == set(Format)
    assert len({form.content_type for form in Format}) == len(Format)
    assert all(form.file_name.startswith(".") for form in Format)
