"""Key sets that clients publish: fetched under guard, kept no longer than they allow.

Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from api.smart.keys import Jwks, key_set, names
from core.errors import Incorrect
from core.outbound import Outbound

DEFAULT_AGE_S = 300.0
MAX_AGE_S = 3600.0
REFETCH_S = 10.0
"""How soon after a fetch an unknown ``kid`` causes the next one."""
MAX_SETS = 1000
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})\"?")


@dataclass(frozen=True, slots=True)
class _Entry:
    jwks: Jwks
    fetched_at: float
    fresh_until: float


class JwksCache:
    """The key sets behind URLs; of callers that wait for the same one, a single one fetches."""

    def __init__(self, outbound: Outbound, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._running: dict[str, asyncio.Task[Jwks]] = {}

    async def get(self, url: str, kid: str) -> Jwks:
        """The keys at ``url``, fetched anew if they are stale or do not name ``kid``.

        Raises what ``Outbound.get`` raises, and Incorrect if there is no key set.
        """
        entry, now = self._entries.get(url), self._clock()
        if entry is not None and now < entry.fresh_until:
            self._entries.move_to_end(url)
            if names(entry.jwks, kid) or now < entry.fetched_at + REFETCH_S:
                return entry.jwks
        task = self._running.get(url)
        if task is None:
            task = self._running[url] = asyncio.create_task(self._fetch(url))
            task.add_done_callback(lambda done: self._done(url, done))
        # One caller who gives up must not take it from the others.
        return await asyncio.shield(task)

    async def _fetch(self, url: str) -> Jwks:
        headers, body = await self._outbound.get(url)
        try:
            jwks = key_set(orjson.loads(body))
        except orjson.JSONDecodeError:
            raise Incorrect("not JSON") from None
        now = self._clock()
        self._entries[url] = _Entry(jwks, now, now + age_s(headers))
        self._entries.move_to_end(url)
        while len(self._entries) > MAX_SETS:
            self._entries.popitem(last=False)
        return jwks

    def _done(self, url: str, task: asyncio.Task[Jwks]) -> None:
        del self._running[url]
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits any more


def age_s(headers: Mapping[str, str]) -> float:
    """How long an answer may be kept, seconds (RFC 9111, section 5.2)."""
    told = headers.get("cache-control", "").lower()
    if "no-store" in told or "no-cache" in told:
        return 0.0
    match = _MAX_AGE.search(told)
    if match is None:
        return DEFAULT_AGE_S
    spent = headers.get("age", "")
    spent_s = float(spent) if spent.isascii() and spent.isdigit() else 0.0
    return min(max(float(match[1]) - spent_s, 0.0), MAX_AGE_S)
