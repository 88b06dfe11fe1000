"""The device's readers of JSON, base64 and UUIDs against Python's."""

import base64
import binascii
import ctypes
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.library import library, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
OK, FULL, EMPTY, MALFORMED = 0, 2, 3, 5
ROOM = 64

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
leaves = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False,
    allow_infinity=False) | texts  # fmt: skip
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
objects = st.dictionaries(texts, values, max_size=4)


class Json(ctypes.Structure):
    """ecg_json."""

    _fields_ = (("text", ctypes.c_char_p), ("size", ctypes.c_size_t))


def string(text: bytes, path: bytes) -> tuple[int, str]:
    """What the C finds as a string."""
    out, document = ctypes.create_string_buffer(ROOM), Json(text, len(text))
    error = library().ecg_json_string(ctypes.byref(document), path, out, ctypes.c_size_t(ROOM))
    return error, out.value.decode() if error == OK else ""


def integer(text: bytes, path: bytes) -> tuple[int, int]:
    """What the C finds as an integer."""
    out, document = ctypes.c_int32(), Json(text, len(text))
    return library().ecg_json_integer(ctypes.byref(document), path, ctypes.byref(out)), out.value


def expected(value: Any) -> tuple[int, str]:
    if value is None:
        return EMPTY, ""
    if not isinstance(value, str):
        return MALFORMED, ""
    return (OK, value) if len(value.encode()) < ROOM else (FULL, "")


@settings(max_examples=300, deadline=None)
@given(objects, values, st.booleans(), st.booleans())
def test_members_are_found(
    document: dict[str, Any], value: Any, is_inner: bool, is_ascii: bool
) -> None:
    document = {k: v for k, v in document.items() if k not in ("a", "a.b")}
    whole = document | {"a": {"b": value, "z": 1} if is_inner else value}
    text = json.dumps(whole, ensure_ascii=is_ascii).encode()
    assert string(text, b"a.b" if is_inner else b"a") == expected(value)
    assert string(text, b"absent")[0] == EMPTY
    if isinstance(value, int) and not isinstance(value, bool):
        fits = -(2**31) <= value < 2**31
        found = integer(text, b"a.b" if is_inner else b"a")
        assert found == (OK, value) if fits else found[0] == MALFORMED


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('{}[]":,tfn01-.eE\\u a'), max_size=14).map(lambda s: "{" + s + "}"))
def test_what_is_no_json_is_refused(text: str) -> None:
    try:
        is_json = isinstance(json.loads(text), dict)
    except ValueError:
        is_json = False
    assert (string(text.encode(), b"absent")[0] == EMPTY) == is_json


def test_depth_is_bounded() -> None:
    assert string(b'{"x":' + b"[" * 7 + b"]" * 7 + b"}", b"a")[0] == EMPTY
    assert string(b'{"x":' + b"[" * 8 + b"]" * 8 + b"}", b"a")[0] == MALFORMED
    assert string(b'{"x":' * 100_000, b"a")[0] == MALFORMED
    assert string(b'{"a":"\\u0000"}', b"a")[0] == MALFORMED
    assert string(b'{"a":"\\ud800"}', b"a")[0] == MALFORMED
    assert string(b'{"a":"\\ud83d\\ude00"}', b"a") == (OK, "\U0001f600")


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_base64_there_and_back(content: bytes) -> None:
    out = ctypes.create_string_buffer(100)
    library().ecg_base64_write(content, ctypes.c_size_t(len(content)), out)
    assert out.value == base64.b64encode(content)
    back, size = ctypes.create_string_buffer(60), ctypes.c_size_t()
    args = (ctypes.c_size_t(len(out.value)), back, ctypes.c_size_t(60), ctypes.byref(size))
    assert library().ecg_base64_read(out.value, *args) == OK
    assert back.raw[: size.value] == content


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("AQgw=+/-"), max_size=12))
def test_one_text_for_one_content(text: str) -> None:
    try:
        content = base64.b64decode(text, validate=True)
        is_canonical = base64.b64encode(content).decode() == text
    except binascii.Error:
        is_canonical = False
    back, size = ctypes.create_string_buffer(60), ctypes.c_size_t()
    args = (ctypes.c_size_t(len(text)), back, ctypes.c_size_t(60), ctypes.byref(size))
    assert (library().ecg_base64_read(text.encode(), *args) == OK) == is_canonical


@settings(deadline=None)
@given(st.uuids(), st.integers(0, 35), st.sampled_from("0aAgG-{"))
def test_uuids(name: UUID, at: int, wrong: str) -> None:
    out, back = ctypes.create_string_buffer(37), ctypes.create_string_buffer(16)
    library().ecg_uuid_write(name.bytes, out)
    assert out.value.decode() == str(name)
    text = str(name)[:at] + wrong + str(name)[at + 1 :]
    is_canonical = (wrong in "0a" and str(name)[at] != "-") or text == str(name)
    error = library().ecg_uuid_read(text.encode(), back)
    assert (error == OK) == is_canonical
    assert not is_canonical or back.raw == UUID(text).bytes


@pytest.mark.parametrize("last", [b"{}", b'{"c":"d"}', b"5", b"null"])
def test_an_object_that_comes_twice_counts_the_last_time(last: bytes) -> None:
    assert string(b'{"a":{"b":"first"},"a":%s}' % last, b"a.b") == (EMPTY, "")
    assert string(b'{"a":%s,"a":{"b":"second"}}' % last, b"a.b") == (OK, "second")
