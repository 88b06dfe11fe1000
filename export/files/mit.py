"""MIT annotation format (https://physionet.org/physiotools/wag/annot-5.htm), written in memory.

The library writes into folders only, and clear data are not to come to rest in one. Symbols and
rhythms are PhysioNet's (https://archive.physionet.org/physiobank/annotations.shtml): a rhythm
lasts until the next one is told.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Iterator

from core.ecg import RhythmKind, RhythmSpan

NORMAL, VENTRICULAR, FUSION, SUPRAVENTRICULAR = 1, 5, 6, 9
UNCLASSIFIABLE, RHYTHM, LEARNING = 13, 28, 30
"""WFDB's codes N, V, F, S, Q, + and ?: there is none for "abnormal in some way"."""
RHYTHMS = {
    RhythmKind.VENTRICULAR_FIBRILLATION: b"(VF",
    RhythmKind.ASYSTOLE: b"(ASYS",
    RhythmKind.VENTRICULAR_TACHYCARDIA: b"(VT",
    RhythmKind.ATRIAL_FIBRILLATION: b"(AFIB",
    RhythmKind.SUPRAVENTRICULAR_RUN: b"(SVTA",
    RhythmKind.BIGEMINY: b"(B",
    RhythmKind.TRIGEMINY: b"(T",
    RhythmKind.PACED: b"(P",
    RhythmKind.NOISE: b"(NOISE",
    RhythmKind.SINUS: b"(N",
}
"""Those that PhysioNet's databases have a code for; of several at once the first one is told."""
NO_RHYTHM = b"(NONE"
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


def rhythms(spans: Iterable[RhythmSpan]) -> Iterator[Annotation]:
    """Where the rhythm changes: verified spans only, for the format has no word of doubt."""
    changes: dict[int, list[tuple[RhythmKind, int]]] = {}
    for span in spans:
        if span.verified and span.kind in RHYTHMS:
            changes.setdefault(span.first_sample, []).append((span.kind, 1))
            changes.setdefault(span.stop_sample, []).append((span.kind, -1))
    lasting, told = Counter[RhythmKind](), NO_RHYTHM
    for sample in sorted(changes):
        for kind, more in changes[sample]:
            lasting[kind] += more
        now = next((name for kind, name in RHYTHMS.items() if lasting[kind] > 0), NO_RHYTHM)
        if now != told:
            yield sample, RHYTHM, now
        told = now
