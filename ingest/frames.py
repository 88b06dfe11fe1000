"""What both MQTT roads hand to the ingest core, and what it answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Frame:
    """One PUBLISH as it arrived.

    ``identity`` is the device that authenticated on this very connection, or None where a
    broker stands between: then only topic, header and tag say whose frame it is.
    """

    topic: str
    payload: bytes
    identity: UUID | None = None


class OutcomeKind(StrEnum):
    """What became of a frame. Every kind is final: resending the frame changes nothing."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a frame was refused and kept aside (firmware/PROTOCOL.md, section 4)."""

    MALFORMED = "malformed"  # length, magic, version, suite or an impossible body
    WRONG_TOPIC = "wrong-topic"  # not a chunk topic, or not the topic of the header's device
    FOREIGN = "foreign"  # sent by a connection that is another device
    UNKNOWN_DEVICE = "unknown-device"  # no such device
    NOT_APPROVED = "not-approved"  # the device waits for an operator's approval
    REVOKED = "revoked"  # the device or its key epoch is no longer accepted
    UNKNOWN_KEY = "unknown-key"  # no key of that epoch
    BAD_TAG = "bad-tag"  # the authentication tag is wrong
    CONFLICT = "conflict"  # the number is taken by other bytes
    AWAY = "away"  # a key request came while vault or database were away: ask again


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one frame; ``refusal`` is set where ``kind`` is REFUSED."""

    kind: OutcomeKind
    refusal: Refusal | None = None
    detail: str = ""


STORED = Outcome(OutcomeKind.STORED)
DUPLICATE = Outcome(OutcomeKind.DUPLICATE)


def refused(reason: Refusal, detail: str = "") -> Outcome:
    """The outcome of a refused frame; ``detail`` is for the log, never for the device."""
    return Outcome(OutcomeKind.REFUSED, reason, detail)


class ChunkSink(Protocol):
    """Where frames go."""

    async def submit(self, frame: Frame) -> Outcome:
        """Take one frame and return once its outcome is committed.

        Waits while the queue is full (that is the back-pressure). Raises Unavailable at
        shutdown only: the frame is then not acknowledged, and its sender keeps it.
        """
        ...


AckSink = Callable[[UUID, bytes], Awaitable[None]]
"""Sends a sealed acknowledgement to a device; never raises for an absent device."""
