from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from core.json_text import MAX_DEPTH, dumps, loads

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_digits_are_kept() -> None:
    text = b'{"a":60.10,"b":[1.0,0.0050,-0.0,7,123456789012345678901234567890]}'
    assert dumps(loads(text)) == text


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@given(PLAIN)
def test_what_was_read_is_written_and_read_alike(plain: object) -> None:
    try:
        text = dumps(plain)
    except TypeError:  # an int beyond 64 bits, which loads never makes
        return
    once = loads(text)
    assert loads(dumps(once)) == once


def test_a_decimal_keeps_its_exponent() -> None:
    assert loads(dumps({"n": Decimal("6.0E+3")})) == {"n": Decimal("6.0E+3")}


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"NaN", b'{"a":1,"a":2}', b"\xff", b'"\\ud800"', b"[" * 2000, b"1" * 5000 + b"x"],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(Incorrect):
        loads(text)


def test_depth_is_bounded() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(Incorrect, match="nested"):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_other_values_are_no_json() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})
