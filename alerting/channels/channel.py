"""What every way to a care team does: bring one message to one address."""

from typing import Protocol

from core.messages import Message


class Refused(Exception):
    """The other side will never take this message: it is of no use to try again."""


class Channel(Protocol):
    """One way. It bounds its own time and is safe to call from many tasks."""

    async def send(self, address: str, message: Message, key: str) -> str:
        """Bring ``message`` to ``address``; the other side's receipt, or "".

        ``key`` is the same for every attempt at this message, for those who can tell doubles.
        Raises Refused, or Unavailable where it may work later.
        """
        ...
