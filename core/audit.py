"""One entry of the audit trail, its canonical bytes, and the chain that holds batches together.

A batch's digest is SHA-256 over the digest before, the batch's own numbers and its entries, so
that nothing can be changed, taken out, put in or moved without every later digest being wrong.
The digests hold no secret: who rewrites the whole chain is found by a head that was remembered
elsewhere (``hisbundle audit head``; ASVS 5.0, 16.4.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import orjson

ORIGIN = bytes(32)
"""What stands before the first batch."""


class Entry(NamedTuple):
    """Who did what to whose data, and how it ended.

    ``interaction`` is a code of https://hl7.org/fhir/R4/valueset-restful-interaction.html or one
    of our own (fhir.audit.interaction); ``type``, ``resource_id`` and ``version`` are what it was
    about; ``request`` is the request line and form as they came; ``status`` is that of the answer,
    None for a change that begins; ``reason`` is why glass was broken; ``repeats`` counts what is
    told in one entry.
    """

    interaction: str
    method: str
    request: bytes
    status: int | None
    outcome: int
    client: str | None = None
    token: str | None = None
    patient: str | None = None
    type: str | None = None
    resource_id: str | None = None
    version: str | None = None
    request_id: str | None = None
    address: str | None = None
    server: str | None = None
    reason: str | None = None
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry in its place: ``seq`` counts from 1, ``at`` is its batch's time (ms, UTC)."""

    seq: int
    at: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain; of an empty one, ``number`` and ``last_seq`` are 0."""

    number: int
    last_seq: int
    digest: bytes
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"


EMPTY = Head(0, 0, ORIGIN)
COLUMNS = Entry._fields


def canonical(entry: Entry) -> bytes:
    """The entry as one line of JSON, an array in the order of COLUMNS; bytes are hexadecimal.

    No two entries have the same.
    """
    return orjson.dumps(tuple(entry), default=bytes.hex) + b"\n"


def chained(before: Head, at: datetime, lines: Sequence[bytes]) -> Head:
    """The head after a batch of entries, given as their canonical lines, written at ``at``."""
    number, last = before.number + 1, before.last_seq + len(lines)
    own = orjson.dumps([number, before.last_seq + 1, last, at.isoformat()])
    digest = sha256(b"".join((before.digest, own, b"\n", *lines))).digest()
    return Head(number, last, digest, at)
