"""What is sent and what is believed."""

import json
from base64 import b64decode

import numpy as np
import numpy.typing as npt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.remote import wire

COLUMNS: list[tuple[int, ...]] = [(), (5,)]


@given(
    beats=arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 300)),
        elements=st.floats(0, 1, width=32),
    )
)
def test_the_very_bytes_of_each_beat_are_sent(beats: npt.NDArray[np.float32]) -> None:
    sent = json.loads(wire.encode(beats))
    assert sent["signature_name"] == "packed"
    rows = [np.frombuffer(b64decode(each["b64"]), dtype="<f4") for each in sent["instances"]]
    np.testing.assert_array_equal(np.array(rows), beats)


def test_beats_that_do_not_lie_in_a_row_are_sent_as_they_read() -> None:
    beats = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert wire.encode(beats[::2, ::-1]) == wire.encode(beats[::2, ::-1].copy())


@pytest.mark.parametrize("columns", COLUMNS)
@given(data=st.data())
def test_probabilities_come_back_as_they_are(columns: tuple[int, ...], data: st.DataObject) -> None:
    probabilities = data.draw(
        arrays.arrays(
            np.float32,
            st.integers(1, 9).map(lambda n: (n, *columns)),
            elements=st.floats(0, 1, width=32),
        )
    )
    answer = orjson.dumps({"predictions": probabilities.astype(float).tolist()})
    assert len(answer) <= wire.longest_answer(len(probabilities), columns)
    np.testing.assert_array_equal(wire.decode(answer, len(probabilities), columns), probabilities)


def test_one_column_is_one_number() -> None:
    found = wire.decode(b'{"predictions": [[0.25], [1]]}', 2, ())
    np.testing.assert_array_equal(found, np.array([0.25, 1], dtype=np.float32))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'{"predictions": null}',
        b'{"predictions": 0.5}',
        b'{"predictions": [0.5]}',
        b'{"predictions": [[0.5], [0.5, 0.5]]}',
        b'{"predictions": [[0.5, 0.5], [0.5, 0.5]]}',
        b'{"predictions": ["a", "b"]}',
        b'{"predictions": [{"p": 1}, {"p": 1}]}',
        b'{"predictions": [NaN, 0.5]}',
        b'{"predictions": [null, 0.5]}',
        b'{"predictions": [-0.1, 0.5]}',
        b'{"predictions": [1e99, 0.5]}',
        b'{"error": "no such model"}',
        b"[" * 2000,
    ],
)
def test_no_other_answer_is_believed(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.decode(answer, 2, ())


@given(answer=st.binary(max_size=40), columns=st.sampled_from(COLUMNS))
def test_nothing_but_a_value_error(answer: bytes, columns: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.decode(answer, 3, columns)
