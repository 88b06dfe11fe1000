"""How much one Bundle may ask for in all: bytes of its answer, and time.

Each entry is bounded as a request of its own is, but there may be five hundred; a transaction
keeps everybody else who writes waiting meanwhile.
"""

import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from core.errors import TooCostly

MAX_BYTES = 32 << 20
LIMIT_S = 30.0
KEY = "room"
"""In the scope of a Bundle and of its entries."""


def _deadline() -> float:
    return time.monotonic() + LIMIT_S


@dataclass(slots=True)
class Room:
    """What is left to the entries of one Bundle."""

    bytes: int = MAX_BYTES
    until: float = field(default_factory=_deadline)

    def enter(self) -> None:
        """Raises TooCostly where nothing is left for another entry."""
        if self.bytes < 0 or time.monotonic() > self.until:
            raise TooCostly("the Bundle asks for too much at once; send its rest in another")

    def take(self, response: Response) -> None:
        """Count an answer."""
        self.bytes -= len(getattr(response, "body", None) or b"")


def room(outer: Request) -> Room:
    """The room of a Bundle, the same for all of its entries."""
    found: Room = outer.scope.setdefault(KEY, Room())
    return found
