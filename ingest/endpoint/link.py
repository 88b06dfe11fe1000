"""The transport side of a connection: flow control, silence, last words."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, cast

from ingest.endpoint.inbox import Head, Inbox, Violation
from ingest.endpoint.limits import Limits

_ABORT_AFTER_S = 5.0


class Talk(Protocol):
    """What the packets of a link mean."""

    def opened(self) -> None:
        """The transport is up."""
        ...

    def holds(self, head: Head) -> bool:
        """Whether this packet has to wait."""
        ...

    def full(self) -> bool:
        """Whether the socket should not be read at present."""
        ...

    def take(self, head: Head) -> None:
        """Read the packet from the link's inbox and act on it. May raise Violation."""
        ...

    def violated(self, violation: Violation) -> None:
        """The client broke a rule: say so and end."""
        ...

    def silent(self) -> None:
        """Nothing was heard for longer than agreed."""
        ...

    def lost(self) -> None:
        """The transport is gone."""
        ...


class Link(asyncio.Protocol):
    """Gives packets to a talk one by one, as long as it does not hold them back.

    What is held back stays in the inbox, the socket is not read meanwhile, and so TCP holds
    back the client. The inbox never has more than a packet and one read of the socket.
    """

    def __init__(self, talk: Talk, limits: Limits) -> None:
        self.inbox = Inbox(limits.max_packet_bytes)
        self.address = "?"
        self.certificate: Mapping[str, Any] | None = None
        self.ending = False
        self.closed = asyncio.Event()
        self.silence_max_s = limits.connect_s
        self._talk = talk
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reading = True
        self._writable = True
        self._heard_at_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio; after the TLS handshake)."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(self._limits.outgoing_max_bytes)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "?"
        self.certificate = transport.get_extra_info("peercert")
        self.watch(self._limits.connect_s)
        self._talk.opened()

    def data_received(self, data: bytes) -> None:
        """Take in what the socket gave (asyncio)."""
        if not self.ending:
            self.inbox.feed(data)
            self.advance()

    def advance(self) -> None:
        """Act on every packet that is complete and need not wait; then read on, or do not."""
        try:
            while not self.ending and self._writable:
                head = self.inbox.head()
                if head is None or self._talk.holds(head):
                    break
                self._heard_at_s = self._loop.time()
                self._talk.take(head)
        except Violation as violation:
            self._talk.violated(violation)
        self._regulate()

    def _regulate(self) -> None:
        wanted = self.ending or (self._writable and not self._talk.full())
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._heard_at_s = self._loop.time()  # it could not be heard until now
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """The client does not read what we write: stop reading what it writes (asyncio)."""
        self._writable = False
        self._regulate()

    def resume_writing(self) -> None:
        """It reads again (asyncio)."""
        self._writable = True
        self.advance()

    @property
    def reading(self) -> bool:
        """Whether the socket is being read."""
        return self._reading

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self.ending:
            self._transport.write(data)

    def room(self, n_bytes: int) -> bool:
        """Whether so many more bytes fit into the outgoing buffer."""
        waiting = self._transport.get_write_buffer_size()
        return waiting + n_bytes <= self._limits.outgoing_max_bytes

    def watch(self, silence_max_s: float) -> None:
        """From now on, tell the talk when no packet came for longer than this."""
        self.silence_max_s = silence_max_s
        self._heard_at_s = self._loop.time()
        self._arm(silence_max_s)

    def _arm(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, self._look)

    def _look(self) -> None:
        left_s = self._heard_at_s + self.silence_max_s - self._loop.time()
        if left_s > 0:
            self._arm(left_s)
        elif self._talk.full() or not self._writable:
            self._arm(self.silence_max_s)  # silent because we do not listen
        else:
            self._talk.silent()

    def end(self, last_words: bytes = b"") -> None:
        """Send the last words and close.

        The socket is read and ignored for a moment: closing it with bytes unread would make
        TCP reset it and throw away the last words. Then it is closed, and soon aborted.
        """
        if self.ending:
            return
        self.write(last_words)
        self.ending = True
        self.inbox.clear()
        self._regulate()
        if self._timer is not None:
            self._timer.cancel()
        delay_s = self._limits.linger_s if last_words else 0
        self._timer = self._loop.call_later(delay_s, self._close)

    def _close(self) -> None:
        self._transport.close()
        self._timer = self._loop.call_later(_ABORT_AFTER_S, self._transport.abort)

    def abort(self) -> None:
        """Close at once, without a word."""
        self.ending = True
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone (asyncio)."""
        self.ending = True
        self.inbox.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._talk.lost()
        self.closed.set()
