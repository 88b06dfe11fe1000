"""The key ring: bounded, expiring, coalescing, forgetting; counted vault calls."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.ack import ack_key
from core.chunk import ChunkHeader, parse_header
from core.errors import Incorrect, NotFound, Unavailable
from core.keyring import UNKNOWN_TTL_S, KeyRing
from core.keys import device_key_name
from core.local_vault import LocalVault
from tests.devices import Device


class Store:
    """Wrapped keys in memory; counts how often each is read."""

    def __init__(self, folder: Path) -> None:
        self.vault = LocalVault(folder / "master.key")
        self.reads: Counter[tuple[UUID, int]] = Counter()
        self.open = asyncio.Event()
        self.open.set()
        self.failure: Exception | None = None
        self._wrapped: dict[tuple[UUID, int], bytes] = {}

    async def add(self, device: Device, key: bytes | None = None) -> Device:
        name = device_key_name(device.id, device.epoch)
        self._wrapped[device.id, device.epoch] = await self.vault.wrap(name, key or device.key)
        return device

    def remove(self, device: Device) -> None:
        del self._wrapped[device.id, device.epoch]

    async def load(self, device_id: UUID, epoch: int) -> bytes | None:
        self.reads[device_id, epoch] += 1
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return self._wrapped.get((device_id, epoch))


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(store: Store, clock: Clock) -> KeyRing:
    return KeyRing(store.vault, store.load, 3, 60.0, clock)


async def _use(ring: KeyRing, device: Device) -> None:
    keys = await ring.session(device.id, device.epoch, device.session_id)
    frame = device.chunk(5)
    header, sealed = parse_header(frame)
    assert header == ChunkHeader(device.id, device.epoch, device.session_id, 5)
    assert keys.cipher.open(header, sealed).n_valid == 187
    assert keys.ack_key == ack_key(device.key, device.id, device.epoch, device.session_id)


async def test_one_load_serves_all_sessions(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device())
    assert ring.cached(device.id, 1, device.session_id) is None
    for n in range(10):
        device.session_id = bytes([n]) * 16
        await _use(ring, device)
        assert ring.cached(device.id, 1, device.session_id) is not None
    assert store.reads.total() == 1


async def test_concurrent_loads_are_one(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device())
    store.open.clear()
    waiting = [asyncio.create_task(_use(ring, device)) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # the first one's leaving is not the others' loss
    await asyncio.sleep(0)
    store.open.set()
    await asyncio.gather(*waiting[1:])
    assert store.reads.total() == 1


async def test_keys_expire(ring: KeyRing, store: Store, clock: Clock) -> None:
    device = await store.add(Device())
    await _use(ring, device)
    clock.now = 30.0
    device.session_id = bytes(16)
    await _use(ring, device)
    clock.now = 59.9
    await _use(ring, device)
    assert store.reads.total() == 1
    clock.now = 60.0
    assert ring.cached(device.id, 1, device.session_id) is None, "no longer than its device's key"
    await _use(ring, device)
    assert store.reads.total() == 2


async def test_least_recently_used_goes_first(ring: KeyRing, store: Store) -> None:
    first, *others = [await store.add(Device()) for _ in range(4)]
    for device in (first, *others[:2]):
        await _use(ring, device)
    first.session_id = bytes(16)
    await _use(ring, first)
    await _use(ring, others[2])
    await _use(ring, first)
    assert store.reads[first.id, 1] == 1
    await _use(ring, others[0])
    assert store.reads[others[0].id, 1] <= 2
    assert store.reads.total() <= 6


async def test_unknown_is_not_found_and_soon_asked_again(
    ring: KeyRing, store: Store, clock: Clock
) -> None:
    device = Device()
    for _ in range(5):
        with pytest.raises(NotFound):
            await _use(ring, device)
    assert store.reads.total() == 1
    await store.add(device)
    clock.now += UNKNOWN_TTL_S
    await _use(ring, device)


async def test_strangers_push_no_patient_out(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device())
    await _use(ring, device)
    for _ in range(100):
        with pytest.raises(NotFound):
            await ring.session(uuid4(), 1, bytes(16))
    await _use(ring, device)
    assert store.reads[device.id, 1] == 1


async def test_forget(ring: KeyRing, store: Store) -> None:
    device, other = await store.add(Device()), await store.add(Device())
    await _use(ring, device)
    await _use(ring, other)
    store.remove(device)
    ring.forget(device.id)
    assert ring.cached(device.id, 1, device.session_id) is None
    with pytest.raises(NotFound):
        await _use(ring, device)
    ring.forget(device.id)
    await store.add(device)
    await _use(ring, device)
    await _use(ring, other)
    assert store.reads[other.id, 1] == 1


async def test_forget_during_a_load_keeps_nothing(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device())
    store.open.clear()
    waiting = asyncio.create_task(_use(ring, device))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ring.forget(device.id)
    store.open.set()
    await waiting
    assert ring.cached(device.id, 1, device.session_id) is None


@pytest.mark.parametrize("failure", [Unavailable("away"), Incorrect("damaged")])
async def test_failures_are_passed_on_and_not_kept(
    ring: KeyRing, store: Store, failure: Exception
) -> None:
    device = await store.add(Device())
    store.failure = failure
    for _ in range(2):
        with pytest.raises(type(failure)):
            await _use(ring, device)
    store.failure = None
    await _use(ring, device)


async def test_key_of_another_size_is_incorrect(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device(), key=bytes(31))
    with pytest.raises(Incorrect, match="31 bytes"):
        await _use(ring, device)


async def test_keys_do_not_show(ring: KeyRing, store: Store) -> None:
    device = await store.add(Device())
    keys = await ring.session(device.id, 1, device.session_id)
    assert "ack_key" not in repr(keys)
