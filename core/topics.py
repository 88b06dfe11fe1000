"""MQTT topic names (firmware/PROTOCOL.md, section 1)."""

import re
from uuid import UUID

from core.errors import Incorrect

CHUNK_FILTER = "ecg/v1/+/chunk"
KEY_FILTER = "ecg/v1/+/key"
_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_CHUNK = re.compile(rf"ecg/v1/{_ID}/chunk")
_KEY = re.compile(rf"ecg/v1/{_ID}/key")


def chunk_topic(device_id: UUID) -> str:
    """Where a device publishes its sealed chunks."""
    return f"ecg/v1/{device_id}/chunk"


def ack_topic(device_id: UUID) -> str:
    """Where a device hears which of its chunks are stored."""
    return f"ecg/v1/{device_id}/ack"


def command_topic(device_id: UUID) -> str:
    """Where a device hears commands meant for it alone."""
    return f"ecg/v1/{device_id}/command"


def key_topic(device_id: UUID) -> str:
    """Where a device asks for a new key to be taken."""
    return f"ecg/v1/{device_id}/key"


def device_of_key_topic(topic: str) -> UUID | None:
    """The device that a key topic names, None for any other topic."""
    match = _KEY.fullmatch(topic)
    return None if match is None else UUID(match[1])


def device_of_chunk_topic(topic: str) -> UUID:
    """The device that a chunk topic names (lower-case UUID). Raises Incorrect otherwise."""
    match = _CHUNK.fullmatch(topic)
    if match is None:
        raise Incorrect(f"not a chunk topic: {topic[:80]!r}")
    return UUID(match[1])
