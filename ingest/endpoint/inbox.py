"""Bytes of one connection, cut into MQTT 5 packets (OASIS MQTT 5.0, 2.1).

The framing is ours, so that a packet's size is bounded before it is buffered; the packets
themselves are read by the ``mqtt5`` codec.
"""

from typing import NamedTuple

import mqtt5
from mqtt5 import DisconnectReasonCode as Reason

from core.errors import Incorrect
from ingest.endpoint.strings import PacketKind, check_strings

_KINDS = frozenset(PacketKind)


class Violation(Incorrect):
    """A client broke the protocol or a bound; the connection ends with ``reason``."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Head(NamedTuple):
    """The fixed header of the next packet, all of whose ``n_bytes`` have arrived."""

    kind: int
    flags: int
    n_header: int
    n_bytes: int

    @property
    def qos(self) -> int:
        """QoS of a PUBLISH."""
        return self.flags >> 1 & 3


class Inbox:
    """What has been received and not yet been read; holds little more than one socket read."""

    def __init__(self, max_packet_bytes: int) -> None:
        self._buffer = bytearray()
        self._max_packet_bytes = max_packet_bytes

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what the socket gave."""
        self._buffer += data

    def head(self) -> Head | None:
        """The next packet's head, or None until all of the packet is here.

        Raises Violation for a length that is malformed or above the bound, at once.
        """
        remaining = _remaining_length(self._buffer)
        if remaining is None:
            return None
        length, used = remaining
        if used + length > self._max_packet_bytes:
            raise Violation(Reason.PACKET_TOO_LARGE, f"packet of {used + length} bytes")
        if len(self._buffer) < used + length:
            return None
        return Head(self._buffer[0] >> 4, self._buffer[0] & 0x0F, used, used + length)

    def body(self, head: Head) -> bytes:
        """What follows the next packet's fixed header; the packet is left where it is."""
        return bytes(self._buffer[head.n_header : head.n_bytes])

    def take(self, head: Head) -> mqtt5.Packet:
        """The next packet. Raises Violation if it is malformed, or not for a client to send."""
        frame = bytes(self._buffer[: head.n_bytes])
        del self._buffer[: head.n_bytes]
        if head.kind not in _KINDS:
            raise Violation(Reason.PROTOCOL_ERROR, f"packet type {head.kind} from a client")
        try:
            check_strings(head.kind, head.flags, frame[head.n_header :])
            packet, n_bytes = mqtt5.read(memoryview(frame))
        except (IndexError, ValueError) as error:  # UnicodeDecodeError is a ValueError
            raise Violation(Reason.MALFORMED_PACKET, str(error)) from error
        if n_bytes != len(frame):
            raise Violation(Reason.MALFORMED_PACKET, "packet is longer than its content")
        return packet

    def clear(self) -> None:
        """Forget everything."""
        self._buffer.clear()


def _remaining_length(buffer: bytearray) -> tuple[int, int] | None:
    """The variable byte integer after the first byte (1.5.5), and where it ends."""
    length = 0
    for place, byte in enumerate(buffer[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length, place + 2
    if len(buffer) >= 5:
        raise Violation(Reason.MALFORMED_PACKET, "remaining length is malformed")
    return None
