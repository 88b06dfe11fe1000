"""ECG strips filled in on reading: the samples come from the sealed chunks, for this answer only.

``render`` of a stored Observation names the session's row, the first sample on the session's
index and how many there are. Where the device's key is gone, or was revoked, the resource stays
readable and says that its data are masked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from analysis.session.reception import is_usable, usable_codes
from analysis.work.decrypt import OpenedChunk, open_chunks
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody, SessionCipher
from core.ecg import SessionKey
from core.errors import Incorrect, NotFound
from core.keyring import KeyRing
from fhir.mapping.strip import with_samples
from fhir.values import Json
from store import chunks
from store.database import Transaction
from store.resources import Document
from store.session_keys import session_key

MOST_CHUNKS = 2000
"""A strip of full chunks has ten; a device may send as little as one sample in each."""
_AT_ONCE = 64
MASKED = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "masked",
        }
    ]
}


class StripReader:
    """Renders strips with the keys that ``keyring`` opens."""

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    async def body(self, tx: Transaction, document: Document) -> bytes:
        """The JSON to send: as stored, or with the samples of a strip."""
        if document.render is None:
            return document.body
        strip = orjson.loads(document.body)
        try:
            samples, nv_per_lsb = await self.samples(tx, document.render)
        except (NotFound, Incorrect):
            return orjson.dumps(masked(strip))
        return orjson.dumps(with_samples(strip, samples, nv_per_lsb))

    async def samples(self, tx: Transaction, render: Json) -> tuple[npt.NDArray[np.int16], int]:
        """The strip's codes, shape (n_samples,), and what one code is worth in nV.

        Raises NotFound without the key or any of its chunks, Incorrect if the key does not unwrap.
        """
        first, n = render["first_sample"], render["n_samples"]
        opener = await session_opener(tx, self._keyring, await session_key(tx, render["session"]))
        parts = within(await opener.covering(first, first + n), first, first + n)
        if not parts:
            raise NotFound("none of the strip's chunks is here")
        # Where the gain changes within a strip, the coarser one tells all of it.
        nv_per_lsb = max(body.nv_per_lsb for body in parts)
        placed = np.full(n, INVALID_SAMPLE, dtype=np.int16)
        for body in parts:
            place(body, placed, first, nv_per_lsb)
        return placed, nv_per_lsb


@dataclass(frozen=True, slots=True)
class Opener:
    """Reads the chunks of one session; those of another do not open under its key."""

    tx: Transaction
    session: SessionKey
    cipher: SessionCipher

    async def read(self, seq: int, limit: int) -> list[OpenedChunk]:
        """Up to ``limit`` chunks from ``seq`` on."""
        stored = await chunks.read(self.tx, self.session.row, seq, limit)
        if limit <= _AT_ONCE:
            return open_chunks(self.cipher, self.session, stored)
        # Many of them take long enough to let others go on meanwhile.
        return await asyncio.to_thread(open_chunks, self.cipher, self.session, stored)

    async def covering(self, first: int, stop: int) -> list[ChunkBody]:
        """What opens of the chunks from the one that holds ``first`` to one beyond ``stop``."""
        # One chunk more than fit: a strip need not begin with a chunk.
        seq, batch = await self.seq_at(first), (stop - first) // SAMPLES_PER_CHUNK + 2
        bodies: list[ChunkBody] = []
        for _ in range(0, MOST_CHUNKS, batch):
            opened = await self.read(seq, batch)
            bodies += [body for _, body, _ in opened if body is not None]
            if len(opened) < batch or (bodies and bodies[-1].sample_index >= stop):
                break
            seq = opened[-1][0] + 1
        return bodies

    async def seq_at(self, sample: int) -> int:
        """The number of the chunk that holds ``sample``, or of one before it.

        Chunk k holds sample 187 k unless the device lost samples before; then the number is
        smaller, and is found by halving.
        """
        low, high = 0, sample // SAMPLES_PER_CHUNK
        probe = high
        while low < high:
            found = [body for _, body, _ in await self.read(probe, 1)]
            if found and found[0] is not None and found[0].sample_index <= sample:
                low = probe
            else:
                high = probe - 1
            probe = (low + high + 1) // 2
        return low


async def session_opener(tx: Transaction, keyring: KeyRing, session: SessionKey) -> Opener:
    """Opens the session's chunks. Raises NotFound or Incorrect without its key."""
    keys = await keyring.session(session.device_id, session.key_epoch, session.session_id)
    return Opener(tx, session, keys.cipher)


def within(bodies: Sequence[ChunkBody], first: int, stop: int) -> list[ChunkBody]:
    """The chunks with samples in [``first``, ``stop``) that analysis has taken in too."""
    taken: list[ChunkBody] = []
    position = 0
    for body in bodies:
        if body.n_valid and is_usable(body) and body.sample_index >= position:
            position = body.sample_index + body.n_valid
            if position > first and body.sample_index < stop:
                taken.append(body)
    return taken


def place(body: ChunkBody, samples: npt.NDArray[np.int16], first: int, nv_per_lsb: int) -> None:
    """Copy a chunk's valid samples to where they belong, as codes of ``nv_per_lsb`` each.

    ``samples`` holds the session's samples from index ``first`` on.
    """
    start = body.sample_index - first
    begin, end = max(start, 0), min(start + body.n_valid, len(samples))
    codes = usable_codes(body)
    if body.nv_per_lsb != nv_per_lsb:
        scaled = np.rint(codes * (body.nv_per_lsb / nv_per_lsb)).astype(np.int16)
        codes = np.where(codes == INVALID_SAMPLE, codes, scaled)
    if begin < end:
        samples[begin:end] = codes[begin - start : end - start]


def masked(strip: Json) -> Json:
    """The strip with a reason in place of its data."""
    lead, *others = strip["component"]
    data = lead["valueSampledData"] | {"_data": MASKED}
    return strip | {"component": [lead | {"valueSampledData": data}, *others]}
