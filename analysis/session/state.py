"""The state of a session between two turns: exact, compact, versioned, free of pickle.

A JSON header (numbers in shortest round-trip form, so every float comes back as it was, NaN
included) followed by the raw bytes of the arrays that it names, in its order. CRC-32 guards
against truncation and decay. Every session is written at every turn: many numbers belong in
arrays, which cost a tenth of their digits.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from core.errors import Incorrect

MAGIC = b"ES3"
_HEAD = struct.Struct(">3sII")
_ARRAY = ""
"""Stands for an array with its dtype and shape: no field is called so."""


def pack(version: str, state: Mapping[str, Any]) -> bytes:
    """A tree as bytes, tagged with ``version``.

    It may hold dicts, dataclasses (which come back as dicts), lists, tuples (as lists), numbers,
    strings and arrays.
    """
    writer = _Writer()
    header = writer.encode({"version": version, "state": state}).encode()
    body = header + b"".join([array.tobytes() for array in writer.arrays])
    return _HEAD.pack(MAGIC, len(header), _crc(len(header), body)) + body


def unpack(data: bytes, version: str) -> dict[str, Any]:
    """The tree that ``pack`` was given. Raises Incorrect for damage or another version."""
    if len(data) < _HEAD.size:
        raise Incorrect("analysis state is too short")
    magic, header_bytes, crc = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if magic != MAGIC or _crc(header_bytes, body) != crc:
        raise Incorrect("analysis state is damaged or of another form")
    reader = _Reader(body[header_bytes:])
    header = json.loads(body[:header_bytes], object_hook=reader.made)
    if header["version"] != version:
        raise Incorrect(f"analysis state is of version {header['version']}, not {version}")
    tree: dict[str, Any] = header["state"]
    return tree


def _crc(header_bytes: int, body: bytes) -> int:
    """Of the header's length as well: cut at another place, the body would be read as nonsense."""
    return zlib.crc32(body, zlib.crc32(header_bytes.to_bytes(4, "big")))


class _Writer(json.JSONEncoder):
    """Asked for what JSON has no form of; keeps the arrays that it came by."""

    def __init__(self) -> None:
        super().__init__(check_circular=False, separators=(",", ":"))
        self.arrays: list[np.ndarray[Any, Any]] = []

    def default(self, o: Any) -> Any:
        if isinstance(o, np.ndarray | np.generic):
            array = np.asarray(o)
            self.arrays.append(array)
            return {_ARRAY: [array.dtype.str, *array.shape]}
        if is_dataclass(o):
            return {name: getattr(o, name) for name in o.__dataclass_fields__}
        return super().default(o)  # raises TypeError


class _Reader:
    """Takes arrays off the front of a buffer, in the order in which they were written."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def made(self, value: dict[str, Any]) -> Any:
        """The array that a mapping stands for, or the mapping. Arrays end in the order of writing,
        for none holds another.
        """
        return self._take(*value[_ARRAY]) if _ARRAY in value else value

    def _take(self, dtype: str, *shape: int) -> Any:
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(self._data, np.dtype(dtype), count, self._at)
        self._at += flat.nbytes
        return flat.reshape(shape).copy()[()]  # [()] turns 0-d back into a scalar
