"""The state of a session between two turns: exact, compact, versioned, free of pickle.

A JSON header (numbers in shortest round-trip form, so every float comes back as it was)
followed by the raw bytes of the arrays that it lists. CRC-32 guards against truncation and decay.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import Incorrect

MAGIC = b"ES2"
_PLAIN = frozenset({int, float, bool, str, type(None)})
"""What JSON has as well: most of a state is lists of these, which need not be looked through."""
_HEAD = struct.Struct(">3sII")


def pack(version: str, state: Mapping[str, Any]) -> bytes:
    """A tree of dicts, lists, numbers, strings and arrays as bytes, tagged with ``version``."""
    arrays: list[np.ndarray[Any, Any]] = []
    header = json.dumps({"version": version, "state": _without_arrays(state, arrays)}).encode()
    body = header + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return _HEAD.pack(MAGIC, len(header), _crc(len(header), body)) + body


def unpack(data: bytes, version: str) -> dict[str, Any]:
    """The tree that ``pack`` was given. Raises Incorrect for damage or another version."""
    if len(data) < _HEAD.size:
        raise Incorrect("analysis state is too short")
    magic, header_bytes, crc = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if magic != MAGIC or _crc(header_bytes, body) != crc:
        raise Incorrect("analysis state is damaged or of another form")
    header = json.loads(body[:header_bytes])
    if header["version"] != version:
        raise Incorrect(f"analysis state is of version {header['version']}, not {version}")
    tree: dict[str, Any] = _with_arrays(header["state"], _Reader(body[header_bytes:]))
    return tree


def _crc(header_bytes: int, body: bytes) -> int:
    """Of the header's length as well: cut at another place, the body would be read as nonsense."""
    return zlib.crc32(body, zlib.crc32(header_bytes.to_bytes(4, "big")))


def _without_arrays(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, list | tuple) and _PLAIN.issuperset(map(type, value)):
        return value
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"dtype": value.dtype.str, "shape": value.shape}
    if isinstance(value, np.generic):
        return _without_arrays(np.asarray(value), arrays)  # comes back as a 0-d array's scalar
    if isinstance(value, Mapping):
        return {"map": {name: _without_arrays(item, arrays) for name, item in value.items()}}
    if isinstance(value, list | tuple):
        return [_without_arrays(item, arrays) for item in value]
    return value


class _Reader:
    """Takes arrays off the front of a buffer, in the order in which they were written."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, dtype: str, shape: list[int]) -> Any:
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(self._data, np.dtype(dtype), count, self._at)
        self._at += flat.nbytes
        return flat.reshape(shape).copy()[()]  # [()] turns 0-d back into a scalar


def _with_arrays(value: Any, reader: _Reader) -> Any:
    if isinstance(value, list):
        if _PLAIN.issuperset(map(type, value)):
            return value
        return [_with_arrays(item, reader) for item in value]
    if not isinstance(value, dict):
        return value
    if "map" in value:
        return {name: _with_arrays(item, reader) for name, item in value["map"].items()}
    return reader.take(**value)
