"""What is kept aside: bounded per device, readable, releasable."""

import asyncio
from uuid import UUID, uuid4

import pytest

from core.errors import NotFound
from store import quarantine
from store.database import Database
from store.quarantine import FRAME_MAX_BYTES, TOPIC_MAX_CHARS, Refused
from tests.devices import Device


def _refused(device_id: UUID | None, n: int = 0) -> Refused:
    return Refused(f"topic/{n}", device_id, "bad-tag", "why", b"%d" % n)


async def _keep(database: Database, *refused: Refused, most: int = 100) -> int:
    async with database.transaction() as tx:
        return await quarantine.keep(tx, refused, most)


async def test_kept_and_listed_latest_first(database: Database, device: Device) -> None:
    assert await _keep(database, *(_refused(device.id, n) for n in range(3))) == 0
    async with database.transaction() as tx:
        kept = await quarantine.listing(tx, 2)
    assert [(k.topic, k.frame, k.reason, k.detail) for k in kept] == [
        ("topic/2", b"2", "bad-tag", "why"),
        ("topic/1", b"1", "bad-tag", "why"),
    ]
    assert kept[0].device_id == device.id


async def test_nothing_to_keep(database: Database) -> None:
    assert await _keep(database) == 0


async def test_oldest_go_first_per_device(database: Database, device: Device) -> None:
    strangers = [_refused(uuid4() if n % 2 else None, n) for n in range(6)]
    assert await _keep(database, *strangers, most=4) == 2
    assert await _keep(database, *(_refused(device.id, n) for n in range(3)), most=4) == 0
    assert await _keep(database, *(_refused(device.id, n) for n in range(3, 6)), most=4) == 2
    async with database.transaction() as tx:
        assert [k.frame for k in await quarantine.listing(tx, 9, device.id)] == [
            b"5",
            b"4",
            b"3",
            b"2",
        ]
        assert await quarantine.count(tx, device.id) == 4
        assert await quarantine.count(tx) == 8


async def test_anything_can_be_kept(database: Database, device: Device) -> None:
    """Whatever a stranger sends must not break the batch that it is in."""
    odd = Refused("a\0b\ud800" + "t" * 999, device.id, "malformed", "\0\udfff", bytes(300_000))
    await _keep(database, odd)
    async with database.transaction() as tx:
        [kept] = await quarantine.listing(tx, 9)
    assert kept.topic.startswith("a\\0b\\ud800t") and len(kept.topic) == TOPIC_MAX_CHARS
    assert len(kept.frame) == FRAME_MAX_BYTES


async def test_release_and_discard(database: Database, device: Device) -> None:
    await _keep(database, *(_refused(device.id, n) for n in range(3)), _refused(None))
    async with database.transaction() as tx:
        [*_, first] = await quarantine.listing(tx, 9, device.id)
        assert (await quarantine.release(tx, first.id)) == first
        with pytest.raises(NotFound):
            await quarantine.release(tx, first.id)
        assert await quarantine.discard(tx, device.id) == 2
        assert await quarantine.count(tx) == 1
        assert await quarantine.discard(tx) == 1


async def test_concurrent_keepers_do_not_deadlock(database: Database, device: Device) -> None:
    async def keep(seed: int) -> None:
        for n in range(10):
            frames = [_refused(device.id if (n + seed) % 2 else None, k) for k in range(20)]
            await _keep(database, *frames, most=10)

    await asyncio.gather(*map(keep, range(4)))
    await _keep(database, _refused(device.id), _refused(None), most=10)
    async with database.transaction() as tx:
        assert await quarantine.count(tx, device.id) == 10
        assert await quarantine.count(tx) == 20
