"""A light brake on repeated failures: so many per window and key, in bounded memory."""

from collections import OrderedDict
from collections.abc import Hashable


class FailureThrottle:
    """Counts failures per key in fixed windows; the key least recently seen is forgotten first.

    ``window_s`` and the ``now_s`` of the calls are seconds of one monotonic clock.
    """

    def __init__(self, failures_max: int, window_s: float, keys_max: int = 4096) -> None:
        self._failures_max = failures_max
        self._window_s = window_s
        self._keys_max = keys_max
        self._seen: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def blocked(self, key: Hashable, now_s: float) -> bool:
        """Whether ``key`` has used up its failures of the current window."""
        began_s, failures = self._seen.get(key, (now_s, 0))
        return failures >= self._failures_max and now_s - began_s < self._window_s

    def failed(self, key: Hashable, now_s: float) -> None:
        """Count one failure."""
        began_s, failures = self._seen.pop(key, (now_s, 0))
        if now_s - began_s >= self._window_s:
            began_s, failures = now_s, 0
        self._seen[key] = (began_s, failures + 1)
        if len(self._seen) > self._keys_max:
            self._seen.popitem(last=False)
