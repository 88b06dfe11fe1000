"""Values as searches write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from fhir.search.literals import amount, reference, split, truth, unescape
from store.criteria import AmountTest, Prefix


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("72", "71.5", "72.5"), ("72.0", "71.95", "72.05"), ("-3", "-3.5", "-2.5"),
     ("1e2", "50", "150"), ("5.40e-1", "0.5395", "0.5405"), ("0", "-0.5", "0.5")],
)  # fmt: skip
def test_the_last_digit_is_the_precision(text: str, low: str, high: str) -> None:
    value = Decimal(text)
    assert amount(text) == AmountTest(Prefix.EQ, value, Decimal(low), Decimal(high))


def test_units() -> None:
    by_system = amount("gt5|http://unitsofmeasure.org|mg")
    assert (by_system.prefix, by_system.system, by_system.code) == (
        Prefix.GT, "http://unitsofmeasure.org", "mg",
    )  # fmt: skip
    by_name = amount("5||mg")
    assert (by_name.system, by_name.code) == (None, "mg")
    approximately = amount("ap100")
    assert (approximately.low, approximately.high) == (Decimal(90), Decimal(110))


@pytest.mark.parametrize("text", ["", "x", "gt", "5|mg", "5|a|b|c", "1e400", "9" * 99, "NaN", "٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Incorrect):
        amount(text)


@given(st.text())
def test_any_text_is_a_quantity_or_incorrect(text: str) -> None:
    try:
        found = amount(text)
    except Incorrect:
        return
    assert found.low < found.high or found.value == 0


@given(st.text())
def test_splitting_loses_nothing(text: str) -> None:
    assert ",".join(split(text, ",")) == text
    assert unescape("a") == "a"


def test_a_version_is_no_resource() -> None:
    assert reference("Patient", "http://a/b/Device/1", "http://a/b") == ("Device", "1")
    with pytest.raises(Incorrect, match="version"):
        reference("Patient", "Patient/1/_history/2", "")
    with pytest.raises(Incorrect):
        truth("yes")
