"""MIT annotation format (https://physionet.org/physiotools/wag/annot-5.htm), written in memory.

The library writes into folders only, and clear data are not to come to rest in one.
"""

import struct
from collections.abc import Iterable

NORMAL, UNCLASSIFIABLE, LEARNING = 1, 13, 30
"""WFDB's codes N, Q and ?: there is none for "abnormal in some way"."""
_SKIP, _AUX = 59, 63
_LONGEST = 1023

Annotation = tuple[int, int, bytes]
"""Sample index, code, and a note (empty: none)."""


def annotations(listed: Iterable[Annotation]) -> bytes:
    """The file of annotations in ascending order."""
    written, before = bytearray(), 0
    for sample, code, note in listed:
        interval, before = sample - before, sample
        if interval > _LONGEST:
            high, low = divmod(interval, 65536)
            written += struct.pack("<HHH", _SKIP << 10, high, low)
            interval = 0
        written += struct.pack("<H", code << 10 | interval)
        if note:
            written += struct.pack("<H", _AUX << 10 | len(note)) + note + b"\0" * (len(note) % 2)
    return bytes(written) + b"\0\0"
