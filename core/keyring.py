"""The unwrapped keys in memory: bounded, expiring, one vault call per key load."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from core.ack import ack_key
from core.chunk import SessionCipher
from core.errors import Incorrect, NotFound
from core.keys import KEY_BYTES, KeyVault, device_key_name

UNKNOWN_TTL_S = 1.0
"""How long a key stays unknown: short, so that a device may publish right after enrolment."""

LoadWrapped = Callable[[UUID, int], Awaitable[bytes | None]]
"""Reads the wrapped key of a device's epoch; None if there is none, or if it is revoked."""

_KeyId = tuple[UUID, int]
_SessionId = tuple[UUID, int, bytes]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What a session's chunks are opened with, and its acknowledgements sealed with."""

    cipher: SessionCipher
    ack_key: bytes = field(repr=False)


class _Expiring(Generic[K, V]):
    """A mapping that forgets: the least recently used beyond its bound, and the old."""

    def __init__(self, max_entries: int, clock: Callable[[], float]) -> None:
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._max = max_entries
        self._clock = clock

    def get(self, key: K) -> tuple[V, float] | None:
        """The value and when it expires."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[1] <= self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: K, value: V, expires_at: float) -> None:
        self._entries[key] = (value, expires_at)
        self._entries.move_to_end(key)
        if len(self._entries) > self._max:
            self._entries.popitem(last=False)

    def held(self) -> list[K]:
        return list(self._entries)

    def drop(self, doomed: Callable[[K], bool]) -> None:
        for key in [key for key in self._entries if doomed(key)]:
            del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)


def _look_at(task: asyncio.Task[bytes]) -> None:
    """A load that failed after all who waited had left is nobody's error any more."""
    if not task.cancelled():
        task.exception()


class KeyRing:
    """Session keys on demand. For one event loop; not for threads.

    ``max_keys`` bounds the device keys, and the derived session keys as well; ``ttl_s`` is
    the life of both in seconds.
    """

    def __init__(
        self,
        vault: KeyVault,
        load: LoadWrapped,
        max_keys: int,
        ttl_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault, self._load = vault, load
        self._ttl_s, self._clock = ttl_s, clock
        self._keys: _Expiring[_KeyId, bytes] = _Expiring(max_keys, clock)
        self._sessions: _Expiring[_SessionId, SessionKeys] = _Expiring(max_keys, clock)
        # Apart from the keys, so that strangers cannot push the keys of patients out.
        self._unknown: _Expiring[_KeyId, None] = _Expiring(max_keys, clock)
        self._loading: dict[_KeyId, asyncio.Task[bytes]] = {}

    def cached(self, device_id: UUID, epoch: int, session_id: bytes) -> SessionKeys | None:
        """The session's keys if they are at hand; never waits."""
        entry = self._sessions.get((device_id, epoch, session_id))
        return entry[0] if entry else None

    async def session(self, device_id: UUID, epoch: int, session_id: bytes) -> SessionKeys:
        """The session's keys.

        Raises NotFound for a key that is unknown or revoked, Incorrect for one that does not
        unwrap, Unavailable while the vault or the store is away.
        """
        keys = self.cached(device_id, epoch, session_id)
        if keys is not None:
            return keys
        device_key = await self._device_key((device_id, epoch))
        keys = SessionKeys(
            SessionCipher(device_key, device_id, epoch, session_id),
            ack_key(device_key, device_id, epoch, session_id),
        )
        # Derived keys never outlive the key they come from, nor a ``forget`` in between.
        held = self._keys.get((device_id, epoch))
        if held is not None:
            self._sessions.put((device_id, epoch, session_id), keys, held[1])
        return keys

    @property
    def devices(self) -> set[UUID]:
        """The devices of which keys are held."""
        return {device_id for device_id, _ in self._keys.held()}

    def forget(self, device_id: UUID) -> None:
        """Drop all that is held of a device (its key was revoked or newly enrolled)."""
        self._sessions.drop(lambda key: key[0] == device_id)
        self._keys.drop(lambda key: key[0] == device_id)
        self._unknown.drop(lambda key: key[0] == device_id)
        for key in [key for key in self._loading if key[0] == device_id]:
            del self._loading[key]  # it runs on for those who wait, and is not kept

    async def _device_key(self, key_id: _KeyId) -> bytes:
        entry = self._keys.get(key_id)
        if entry is not None:
            return entry[0]
        if self._unknown.get(key_id) is not None:
            raise NotFound(f"no key of epoch {key_id[1]} for device {key_id[0]}")
        task = self._loading.get(key_id)
        if task is None:
            task = self._loading[key_id] = asyncio.create_task(self._fetch(key_id))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)  # one waiter's cancellation is not the others'

    async def _fetch(self, key_id: _KeyId) -> bytes:
        me = asyncio.current_task()
        try:
            wrapped = await self._load(*key_id)
            if wrapped is None:
                if self._loading.get(key_id) is me:
                    self._unknown.put(key_id, None, self._clock() + UNKNOWN_TTL_S)
                raise NotFound(f"no key of epoch {key_id[1]} for device {key_id[0]}")
            key = await self._vault.unwrap(device_key_name(*key_id), wrapped)
            if len(key) != KEY_BYTES:
                raise Incorrect(f"the key of device {key_id[0]} has {len(key)} bytes")
            if self._loading.get(key_id) is me:
                self._keys.put(key_id, key, self._clock() + self._ttl_s)
            return key
        finally:
            if self._loading.get(key_id) is me:
                del self._loading[key_id]
