"""Connections that have not said yet who they are: a bounded number, the oldest makes room.

Each costs a file handle from the moment it is accepted, long before TLS and MQTT name it. One
that is honest is through in a moment, so it is the oldest that goes.
"""

from collections import OrderedDict
from collections.abc import Callable

from ingest.endpoint.metrics import CONNECTS


class Newcomers:
    """Who came in and is not known yet, each with what shows it out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: OrderedDict[object, Callable[[], None]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, who: object, show_out: Callable[[], None]) -> None:
        """Count somebody in; ``show_out`` is called should another need the place."""
        self._waiting[who] = show_out
        if len(self._waiting) > self._most:
            _, oldest = self._waiting.popitem(last=False)
            CONNECTS.labels("CROWDED_OUT").inc()
            oldest()

    def leave(self, who: object) -> None:
        """Somebody is known now, or gone."""
        self._waiting.pop(who, None)
