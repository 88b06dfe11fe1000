"""What a frame must be before it is stored (firmware/PROTOCOL.md, section 4), in this order.

Length, magic, version, suite; the topic's device; the connection's device; a device and key
that we know; the tag; a body that makes sense. Whether device and key may still write is
read again inside the transaction that stores the chunk.
"""

from dataclasses import dataclass
from uuid import UUID

from core.chunk import ChunkHeader, SealedChunk, parse_body, parse_header
from core.errors import Incorrect, NotFound
from core.keyring import KeyRing, SessionKeys
from core.topics import device_of_chunk_topic
from ingest.frames import Frame, Refusal
from store import devices
from store.chunks import MAX_STORED_SEQ, NewChunk
from store.database import Database


@dataclass(frozen=True, slots=True)
class Verified:
    """A chunk whose tag and body are right, and the keys of its session."""

    chunk: NewChunk
    keys: SessionKeys

    @property
    def sender(self) -> UUID:
        """The device that sealed it."""
        return self.chunk.device_id


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame that must not be stored, and the device that seems to have sent it."""

    sender: UUID | None
    reason: Refusal
    detail: str


class _No(Exception):
    """Ends the judgement of one frame."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class Judge:
    """Decides on frames one at a time; touches the database only where something is wrong."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database, self._keys = database, keys

    async def judge(self, frame: Frame) -> Verified | Refused:
        """The verdict. Raises Unavailable while the key vault or the database is away."""
        try:
            header, sealed = _form(frame)
            keys = self._keys.cached(header.device_id, header.key_epoch, header.session_id)
            keys = keys or await self._session_keys(header)
            await self._open(header, sealed, keys)
        except _No as no:
            return Refused(_sender(frame), no.reason, no.detail)
        chunk = NewChunk(
            header.device_id, header.key_epoch, header.session_id, header.seq, frame.payload
        )
        return Verified(chunk, keys)

    async def _session_keys(self, header: ChunkHeader) -> SessionKeys:
        try:
            return await self._keys.session(header.device_id, header.key_epoch, header.session_id)
        except (NotFound, Incorrect) as error:
            await self._check_standing(header)
            raise _No(Refusal.UNKNOWN_KEY, str(error)) from None

    async def _open(self, header: ChunkHeader, sealed: SealedChunk, keys: SessionKeys) -> None:
        try:
            clear = keys.cipher.unseal(header, sealed)
        except Incorrect as error:
            await self._check_standing(header)
            raise _No(Refusal.BAD_TAG, str(error)) from None
        try:
            parse_body(clear)
        except Incorrect as error:
            await self._check_standing(header)
            raise _No(Refusal.MALFORMED, str(error)) from None

    async def _check_standing(self, header: ChunkHeader) -> None:
        """A frame fails for what its device is, rather than for what follows from that."""
        device_id, epoch = header.device_id, header.key_epoch
        async with self._database.transaction() as tx:
            standing = await devices.standing(tx, device_id, epoch)
        if standing.device_status is None:
            raise _No(Refusal.UNKNOWN_DEVICE, f"no device {device_id}")
        if standing.device_status == "pending":
            raise _No(Refusal.NOT_APPROVED, f"device {device_id} waits for approval")
        if standing.device_status != "active":
            raise _No(Refusal.REVOKED, f"device {device_id} is revoked")
        if standing.key_status == "revoked":
            self._keys.forget(device_id)
            raise _No(Refusal.REVOKED, f"key epoch {epoch} of device {device_id} is revoked")


def _form(frame: Frame) -> tuple[ChunkHeader, SealedChunk]:
    """The checks that need the frame alone."""
    try:
        header, sealed = parse_header(frame.payload)
    except Incorrect as error:
        raise _No(Refusal.MALFORMED, str(error)) from None
    if header.seq > MAX_STORED_SEQ:
        raise _No(Refusal.MALFORMED, f"sequence number {header.seq} cannot be stored")
    try:
        named = device_of_chunk_topic(frame.topic)
    except Incorrect as error:
        raise _No(Refusal.WRONG_TOPIC, str(error)) from None
    if named != header.device_id:
        raise _No(Refusal.WRONG_TOPIC, f"a chunk of device {header.device_id}")
    if frame.identity not in (None, header.device_id):
        raise _No(Refusal.FOREIGN, f"a chunk of device {header.device_id}")
    return header, sealed


def _sender(frame: Frame) -> UUID | None:
    """Who sent it: the one who authenticated, else the one whom the broker let use the topic."""
    if frame.identity is not None:
        return frame.identity
    try:
        return device_of_chunk_topic(frame.topic)
    except Incorrect:
        return None
