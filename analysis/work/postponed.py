"""Sessions that cannot go on just now: when to look at them again, with growing intervals."""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST = 10_000
"""More are not remembered; the earliest are then looked at again sooner."""
BACKOFF_S, BACKOFF_MAX_S = 1.0, 300.0


@dataclass(slots=True)
class _Entry:
    due_s: float
    failures: int


class Postponed:
    """Session rows to be passed over until their time has come; times by a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[int, _Entry] = {}

    def wait(self, row: int, seconds: float) -> None:
        """Pass over ``row`` for ``seconds``: what it waits for has not come yet."""
        self._put(row, seconds, 0)

    def failed(self, row: int) -> float:
        """Pass over ``row`` for longer with every failure in a row; for how many seconds."""
        failures = self._entries[row].failures if row in self._entries else 0
        seconds = min(BACKOFF_S * 2.0**failures, BACKOFF_MAX_S)
        self._put(row, seconds, failures + 1)
        return seconds

    def worked(self, row: int) -> None:
        """Forget what was held against ``row``."""
        self._entries.pop(row, None)

    def rows(self) -> list[int]:
        """The rows to pass over now."""
        now_s = self._clock()
        # A row that failed is remembered past its time, so that the next failure counts up.
        for row in [r for r, e in self._entries.items() if e.due_s <= now_s and not e.failures]:
            del self._entries[row]
        return [row for row, entry in self._entries.items() if entry.due_s > now_s]

    def _put(self, row: int, seconds: float, failures: int) -> None:
        self._entries.pop(row, None)
        self._entries[row] = _Entry(self._clock() + seconds, failures)
        if len(self._entries) > MOST:
            del self._entries[next(iter(self._entries))]
