"""MQTT topic names (firmware/PROTOCOL.md, section 1)."""

import re
from uuid import UUID

from core.errors import Incorrect

CHUNK_FILTER = "ecg/v1/+/chunk"
_CHUNK = re.compile(r"ecg/v1/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/chunk")


def chunk_topic(device_id: UUID) -> str:
    """Where a device publishes its sealed chunks."""
    return f"ecg/v1/{device_id}/chunk"


def ack_topic(device_id: UUID) -> str:
    """Where a device hears which of its chunks are stored."""
    return f"ecg/v1/{device_id}/ack"


def command_topic(device_id: UUID) -> str:
    """Where a device hears commands meant for it alone."""
    return f"ecg/v1/{device_id}/command"


def device_of_chunk_topic(topic: str) -> UUID:
    """The device that a chunk topic names (lower-case UUID). Raises Incorrect otherwise."""
    match = _CHUNK.fullmatch(topic)
    if match is None:
        raise Incorrect(f"not a chunk topic: {topic[:80]!r}")
    return UUID(match[1])
