"""The device's outbox: sealed chunks kept until the service says that they are stored.

It survives a power cut (SQLite, write-ahead log), holds the sealed bytes and never re-seals
an old number, and is bounded: when it is full, new samples are not taken in and the next chunk
carries the gap flag (PROTOCOL.md, section 4).
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from core.ack import Acknowledgement

CAPACITY_CHUNKS = 16_384
"""8 MiB of flash in slots of 512 bytes: 6.8 h at 125 Hz."""

Slot = tuple[bytes, int]
"""Session id and sequence number."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chunk (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    session BLOB NOT NULL, seq INTEGER NOT NULL, frame BLOB NOT NULL, UNIQUE (session, seq))
"""


class Outbox:
    """Sealed chunks in the order of sealing."""

    def __init__(self, path: Path | None = None, capacity: int = CAPACITY_CHUNKS) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_SCHEMA)
        self._capacity = capacity
        self._count: int = self._db.execute("SELECT count(*) FROM chunk").fetchone()[0]

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether there is no room for another chunk."""
        return self._count >= self._capacity

    def put(self, session_id: bytes, seq: int, frame: bytes) -> None:
        """Keep a sealed chunk."""
        self._db.execute(
            "INSERT INTO chunk (session, seq, frame) VALUES (?, ?, ?)", (session_id, seq, frame)
        )
        self._count += 1

    def oldest(self, limit: int, skip: Iterable[Slot] = ()) -> list[tuple[Slot, bytes]]:
        """Up to ``limit`` kept chunks in order, without those in ``skip``."""
        busy = set(skip)
        rows = self._db.execute(
            "SELECT session, seq, frame FROM chunk ORDER BY place LIMIT ?", (limit + len(busy),)
        )
        kept = [((session, seq), frame) for session, seq, frame in rows]
        return [(slot, frame) for slot, frame in kept if slot not in busy][:limit]

    def owes_before(self, key_epoch: int) -> bool:
        """Whether a kept chunk was sealed under an earlier key (bytes 20 to 24 of its header)."""
        query = "SELECT EXISTS (SELECT 1 FROM chunk WHERE substr(frame, 21, 4) < ?)"
        found: int = self._db.execute(query, (key_epoch.to_bytes(4, "big"),)).fetchone()[0]
        return bool(found)

    def settle(self, ack: Acknowledgement) -> int:
        """Forget what the acknowledgement covers; returns how many chunks that were."""
        spans = [(0, ack.watermark - 1), *ack.ranges]
        gone = sum(
            self._db.execute(
                "DELETE FROM chunk WHERE session = ? AND seq BETWEEN ? AND ?",
                (ack.session_id, first, min(last, 2**63 - 1)),
            ).rowcount
            for first, last in spans
            if first < 2**63
        )
        self._count -= gone
        return gone

    def close(self) -> None:
        """Close the file."""
        self._db.close()
