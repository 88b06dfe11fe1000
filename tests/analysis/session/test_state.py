"""States as bytes: whatever goes in comes back, to the last bit."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.session.state import pack, unpack
from core.errors import Incorrect

FLOATS = st.floats(allow_nan=False) | st.just(math.inf)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | FLOATS | st.text(max_size=5)
NAMES = st.text(min_size=1, max_size=5)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_size=5,
)


@given(TREES)
def test_what_json_has_comes_back(tree: dict[str, Any]) -> None:
    assert unpack(pack("1", tree), "1") == tree


ARRAYS = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int16, np.int64, np.bool_]),
    arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
)


@given(st.lists(ARRAYS, max_size=6))
def test_arrays_come_back_bit_for_bit(found: list[np.ndarray[Any, Any]]) -> None:
    tree = {"first": found[:1], "rest": {"nested": [[array] for array in found[1:]]}}
    back = unpack(pack("1", tree), "1")
    for array, again in zip(
        found, [*back["first"], *(array for (array,) in back["rest"]["nested"])], strict=True
    ):
        assert (again.dtype, again.shape) == (array.dtype, array.shape)
        assert again.tobytes() == array.tobytes()
        assert again.flags.writeable


def test_an_array_is_written_as_it_is_seen_not_as_it_lies() -> None:
    array = np.arange(12.0).reshape(3, 4).T[::2]
    assert np.array_equal(unpack(pack("1", {"a": array}), "1")["a"], array)


@pytest.mark.parametrize("scalar", [np.float32(0.1), np.int64(7), np.bool_(True)])
def test_numbers_of_arrays_come_back_as_such(scalar: "np.generic") -> None:
    back = unpack(pack("1", {"a": scalar}), "1")["a"]
    assert type(back) is type(scalar)
    assert back == scalar


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2])
def test_floats_come_back_whatever_they_are(value: float) -> None:
    back = unpack(pack("1", {"a": value}), "1")["a"]
    assert np.float64(back).tobytes() == np.float64(value).tobytes()


@dataclass(frozen=True, slots=True)
class Inner:
    beats: tuple[int, ...]


@dataclass(slots=True)
class Outer:
    inner: Inner | None
    others: list[Inner]
    shape: "np.ndarray[Any, Any]"


def test_dataclasses_come_back_as_their_fields() -> None:
    tree = {"outer": Outer(Inner((1, 2)), [Inner(())], np.array([1.5]))}
    back = unpack(pack("1", tree), "1")["outer"]
    assert (back["inner"], back["others"]) == ({"beats": [1, 2]}, [{"beats": []}])
    assert back["shape"].tolist() == [1.5]


def test_what_cannot_be_written_is_not() -> None:
    with pytest.raises(TypeError, match="set"):
        pack("1", {"a": {1, 2}})


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (b"", "too short"),
        (pack("1", {"a": 1})[:-1], "damaged"),
        (b"ES2" + pack("1", {"a": 1})[3:], "another form"),
        (pack("2", {"a": np.zeros(3)}), "of version 2, not 1"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(spoilt: bytes, why: str) -> None:
    with pytest.raises(Incorrect, match=why):
        unpack(spoilt, "1")
