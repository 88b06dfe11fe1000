"""Sealed chunks to clear ones: beside ingest's check, the only reader of session keys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from core.chunk import ChunkBody, SessionCipher, parse_header
from core.ecg import SessionKey
from core.errors import Incorrect
from store.chunks import StoredChunk

log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

OpenedChunk = tuple[int, ChunkBody | None, int]
"""Sequence number, content (None if it does not open), and microseconds of reception, UTC."""


def open_chunks(
    cipher: SessionCipher, session: SessionKey, stored: Sequence[StoredChunk]
) -> list[OpenedChunk]:
    """Open stored chunks of a session, in order.

    Ingest has checked every tag, so one that fails here was changed at rest: it is logged and
    left out, and its place becomes a gap.
    """
    return [
        (c.seq, _open(cipher, session, c), (c.received_at - _EPOCH) // _MICROSECOND) for c in stored
    ]


def _open(cipher: SessionCipher, session: SessionKey, stored: StoredChunk) -> ChunkBody | None:
    try:
        header, sealed = parse_header(stored.frame)
        if header.seq != stored.seq:
            raise Incorrect(f"it is chunk {header.seq}")
        return cipher.open(header, sealed)
    except Incorrect as error:
        log.error(
            "chunk.unreadable",
            device=str(session.device_id),
            session=session.session_id.hex(),
            seq=stored.seq,
            error=str(error),
        )
        return None
