"""Samples of a session for paper and files: opened in pages, placed once, never kept."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.strips import Opener, place, within
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody
from core.errors import Conflict

PAGE = 512
"""Chunks per query: 236 KB, and some 10 ms of opening in a thread."""

Codes = npt.NDArray[np.int16]


@dataclass(slots=True)
class Scale:
    """What one code is worth; 0 until the first chunk says so."""

    nv_per_lsb: int = 0

    def take(self, body: ChunkBody) -> None:
        """Raises Conflict where a session's scale changes on its way."""
        if self.nv_per_lsb not in (0, body.nv_per_lsb):
            raise Conflict("the recorder's scale changes within this recording")
        self.nv_per_lsb = body.nv_per_lsb


async def fill(opener: Opener, codes: Codes, first: int, scale: Scale) -> npt.NDArray[np.bool_]:
    """Put the samples from ``first`` on into ``codes``; which of them a chunk was received for.

    What none was received for, or has no value, stays as it is.
    """
    received = np.zeros(len(codes), np.bool_)
    seq, stop, position = await opener.seq_at(first), first + len(codes), 0
    limit = min(PAGE, len(codes) // SAMPLES_PER_CHUNK + 2)
    while True:
        page = await opener.read(seq, limit)
        bodies = [body for _, body, _ in page if body and body.sample_index >= position]
        for body in within(bodies, first, stop):
            scale.take(body)
            place(body, codes, first, scale.nv_per_lsb)
            position = body.sample_index + body.n_valid
            received[max(body.sample_index - first, 0) : position - first] = True
        last = page[-1][1] if page else None
        if len(page) < limit or (last is not None and last.sample_index >= stop):
            return received
        seq = page[-1][0] + 1


def millivolts(codes: Codes, nv_per_lsb: int) -> npt.NDArray[np.float64]:
    """float64[n] in mV, NaN where there is no value."""
    mv = codes.astype(np.float64) * (nv_per_lsb / 1_000_000)
    mv[codes == INVALID_SAMPLE] = np.nan
    return mv
