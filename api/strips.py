"""ECG strips filled in on reading: the samples come from the sealed chunks, for this answer only.

``render`` of a stored Observation names the session's row, the first sample on the session's
index and how many there are. Where the device's key is gone, or was revoked, the resource stays
readable and says that its data are masked.
"""

import asyncio
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from analysis.work.decrypt import open_chunks
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
            samples, nv_per_lsb = await self._samples(tx, document.render)
        except (NotFound, Incorrect):
            return orjson.dumps(masked(strip))
        return orjson.dumps(with_samples(strip, samples, nv_per_lsb))

    async def _samples(self, tx: Transaction, render: Json) -> tuple[npt.NDArray[np.int16], int]:
        """The strip's codes, shape (n_samples,), and what one code is worth in nV.

        Raises NotFound without the key or any of its chunks, Incorrect if the key does not unwrap.
        """
        first, n = render["first_sample"], render["n_samples"]
        opener = await session_opener(tx, self._keyring, await session_key(tx, render["session"]))
        placed = np.full(n, INVALID_SAMPLE, dtype=np.int16)
        nv_per_lsb = 0
        # One chunk more than fit: a strip need not begin with a chunk.
        for body in await opener.read(await opener.seq_at(first), n // SAMPLES_PER_CHUNK + 2):
            if place(body, placed, first):
                nv_per_lsb = body.nv_per_lsb
        if not nv_per_lsb:
            raise NotFound("none of the strip's chunks is here")
        return placed, nv_per_lsb


_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Opener:
    """Reads the chunks of one session; those of another do not open under its key."""

    tx: Transaction
    session: SessionKey
    cipher: SessionCipher

    async def read(self, seq: int, limit: int) -> list[ChunkBody]:
        """What opens of up to ``limit`` chunks from ``seq`` on."""
        return [body for _, body in await self.read_numbered(seq, limit) if body is not None]

    async def read_numbered(self, seq: int, limit: int) -> list[tuple[int, ChunkBody | None]]:
        """The same, each with its number, and None for what does not open."""
        stored = await chunks.read(self.tx, self.session.row, seq, limit)
        # Many of them take long enough to let others go on meanwhile.
        opened = (
            open_chunks(self.cipher, self.session, stored)
            if limit <= _AT_ONCE
            else await asyncio.to_thread(open_chunks, self.cipher, self.session, stored)
        )
        return [(number, body) for number, body, _ in opened]

    async def seq_at(self, sample: int) -> int:
        """The number of the chunk that holds ``sample``, or of one before it.

        Chunk k holds sample 187 k unless the device lost samples before; then the number is
        smaller, and is found by halving.
        """
        low, high = 0, sample // SAMPLES_PER_CHUNK
        probe = high
        while low < high:
            found = await self.read(probe, 1)
            if found and found[0].sample_index <= sample:
                low = probe
            else:
                high = probe - 1
            probe = (low + high + 1) // 2
        return low


async def session_opener(tx: Transaction, keyring: KeyRing, session: SessionKey) -> Opener:
    """Opens the session's chunks. Raises NotFound or Incorrect without its key."""
    keys = await keyring.session(session.device_id, session.key_epoch, session.session_id)
    return Opener(tx, session, keys.cipher)


def place(body: ChunkBody, samples: npt.NDArray[np.int16], first: int) -> bool:
    """Copy a chunk's valid samples to where they belong; whether any belong there.

    ``samples`` holds the session's samples from index ``first`` on.
    """
    start = body.sample_index - first
    begin, end = max(start, 0), min(start + body.n_valid, len(samples))
    if begin >= end:
        return False
    samples[begin:end] = body.samples[begin - start : end - start]
    return True


def masked(strip: Json) -> Json:
    """The strip with a reason in place of its data."""
    lead, *others = strip["component"]
    data = lead["valueSampledData"] | {"_data": MASKED}
    return strip | {"component": [lead | {"valueSampledData": data}, *others]}
