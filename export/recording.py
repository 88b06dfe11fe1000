"""A monitoring session as a whole: what every file format is written from.

Samples are held once, as 16-bit codes; writers yield their file in parts, so that a day's
recording is neither copied nor held twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from uuid import UUID

import numpy as np
import numpy.typing as npt

from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmSpan

PART_BYTES = 1 << 20
AUTOMATED = "Beats by automated analysis, not confirmed; not a diagnosis"


class BeatClass(IntEnum):
    """What the network said of a beat: a class of EC57, or, if it told none, what it is not.

    ABNORMAL: by its probability, of no class. NORMAL: of class N, or by its probability.
    """

    NORMAL = 0
    ABNORMAL = 1
    UNCLASSIFIED = 2
    SUPRAVENTRICULAR = 3
    VENTRICULAR = 4
    FUSION = 5
    UNKNOWN = 6


@dataclass(frozen=True, slots=True)
class Person:
    """The wearer, as far as known; ``sex`` is FHIR's administrative gender."""

    identifier: str = ""
    family: str = ""
    given: str = ""
    birth_date: date | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One lead of one wearer. ``codes`` int16[n], INVALID_SAMPLE where there is no value.

    One code is ``nv_per_lsb`` nanovolts. ``beats`` int64[k] are sample indices in ``codes``,
    ascending, ``classes`` uint8[k] their BeatClass; ``rhythm`` are its spans on the same indices,
    in order of their start, each once. ``started_at`` is the first sample's time.
    """

    device_id: UUID
    session_id: bytes
    started_at: datetime
    rate_hz: float
    nv_per_lsb: int
    codes: npt.NDArray[np.int16] = field(repr=False)
    beats: npt.NDArray[np.int64] = field(repr=False)
    classes: npt.NDArray[np.uint8] = field(repr=False)
    person: Person
    rhythm: tuple[RhythmSpan, ...] = ()

    @property
    def mv_per_lsb(self) -> float:
        """Millivolts of one code."""
        return self.nv_per_lsb / 1_000_000

    def gaps(self) -> Iterator[tuple[int, int]]:
        """The spans [start, stop) of samples without a value."""
        return spans(self.codes == INVALID_SAMPLE)


def spans(mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The runs [start, stop) of True in a mask of shape (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def in_parts(content: memoryview) -> Iterator[bytes]:
    """Bytes in parts that a server can send one by one."""
    for start in range(0, len(content), PART_BYTES):
        yield bytes(content[start : start + PART_BYTES])


def little_endian(codes: npt.NDArray[np.int16]) -> memoryview:
    """The codes' bytes, not copied where the machine is little-endian itself."""
    return codes.astype("<i2", copy=False).data.cast("B")
