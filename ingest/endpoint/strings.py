"""The strings of a packet a client may send, checked before the codec reads them.

MQTT 5.0, 1.5.4, calls a string that is not UTF-8 malformed; ``mqtt5`` 0.6 panics on one (a
BaseException, and a dump on stderr for whoever cares to send it).
"""

from collections.abc import Iterator
from enum import IntEnum


class PacketKind(IntEnum):
    """The packets that a client of ours may send (2.1.2)."""

    CONNECT = 1
    PUBLISH = 3
    SUBSCRIBE = 8
    UNSUBSCRIBE = 10
    PINGREQ = 12
    DISCONNECT = 14


_SIZES = dict.fromkeys((1, 23, 25, 36, 37, 40, 41, 42), 1)
_SIZES |= dict.fromkeys((19, 33, 34, 35), 2)
_SIZES |= dict.fromkeys((2, 17, 24, 39), 4)
"""Properties of fixed size, in bytes (2.2.2.2)."""
_STRINGS = {3: 1, 8: 1, 18: 1, 21: 1, 26: 1, 28: 1, 31: 1, 38: 2}
_BINARY = {9, 22}
_SUBSCRIPTION_IDENTIFIER = 11


def check_strings(kind: int, flags: int, body: bytes) -> None:
    """Raises UnicodeDecodeError if a string is not UTF-8.

    ``body`` follows the fixed header. Returns at the first thing that cannot be read: that the
    packet is malformed is then for the codec to find.
    """
    walk = _Walk(body)
    try:
        for text in walk.strings(kind, flags):
            text.decode()
    except (IndexError, KeyError):
        return


class _Walk:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def strings(self, kind: int, flags: int) -> Iterator[bytes]:
        match kind:
            case PacketKind.CONNECT:
                yield from self._connect()
            case PacketKind.PUBLISH:
                yield self._sized()
                self._skip(2 if flags & 0b110 else 0)
                yield from self._properties()
            case PacketKind.SUBSCRIBE | PacketKind.UNSUBSCRIBE:
                self._skip(2)
                yield from self._properties()
                while self._at < len(self._body):
                    yield self._sized()
                    self._skip(1 if kind == PacketKind.SUBSCRIBE else 0)
            case PacketKind.DISCONNECT if len(self._body) > 1:
                self._skip(1)
                yield from self._properties()

    def _connect(self) -> Iterator[bytes]:
        yield self._sized()
        self._skip(1)
        flags = self._byte()
        self._skip(2)
        yield from self._properties()
        yield self._sized()  # client identifier
        if flags & 0x04:
            yield from self._properties()
            yield self._sized()  # will topic
            self._sized()
        if flags & 0x80:
            yield self._sized()  # user name

    def _properties(self) -> Iterator[bytes]:
        length = self._varint()
        end = self._at + length
        while self._at < end:
            key = self._byte()
            if key in _STRINGS:
                for _ in range(_STRINGS[key]):
                    yield self._sized()
            elif key in _BINARY:
                self._sized()
            elif key == _SUBSCRIPTION_IDENTIFIER:
                self._varint()
            else:
                self._skip(_SIZES[key])

    def _byte(self) -> int:
        self._at += 1
        return self._body[self._at - 1]

    def _skip(self, n_bytes: int) -> None:
        self._at += n_bytes

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _sized(self) -> bytes:
        length = self._byte() << 8 | self._byte()
        self._at += length
        if self._at > len(self._body):
            raise IndexError
        return self._body[self._at - length : self._at]
