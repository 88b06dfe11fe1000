"""A circuit breaker: who has failed often is not asked for a while, then tried once.

Nygard, Release It! (2nd ed., 2018), section 5.2.
"""

import time
from collections.abc import Callable
from enum import IntEnum
from threading import Lock


class State(IntEnum):
    """Closed lets calls pass, open none, half-open one; the numbers are those of the gauge."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Opens after ``failures`` in a row, and lets one call probe every ``open_s`` seconds.

    Each call that ``admits`` let pass is followed by ``succeeded`` or ``failed``. Safe to use
    from several threads. ``changed`` is told each new state, ``clock`` counts seconds.
    """

    def __init__(
        self,
        failures: int,
        open_s: float,
        changed: Callable[[State], None] = lambda state: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._open_s = failures, open_s
        self._changed, self._clock = changed, clock
        self._lock = Lock()
        self._failures = 0
        self._opened_at = 0.0
        self._state = State.CLOSED
        changed(self._state)

    @property
    def state(self) -> State:
        """Where it stands; an open one is half-open from the call on that it lets pass."""
        return self._state

    def admits(self) -> bool:
        """Whether a call may be made now."""
        with self._lock:
            if self._state is State.CLOSED:
                return True
            due = self._clock() - self._opened_at >= self._open_s
            if self._state is State.OPEN and due:
                self._go(State.HALF_OPEN)
                return True
            return False

    def succeeded(self) -> None:
        """The call came back well: everything is forgiven."""
        with self._lock:
            self._failures = 0
            self._go(State.CLOSED)

    def failed(self) -> None:
        """It did not; a failed probe opens at once."""
        with self._lock:
            self._failures += 1
            if self._state is State.HALF_OPEN or self._failures >= self._limit:
                self._opened_at = self._clock()
                self._go(State.OPEN)

    def _go(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self._changed(state)
