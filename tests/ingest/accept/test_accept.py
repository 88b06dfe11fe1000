"""What is stored, acknowledged, and taken only from those who may send."""

import asyncio

import pytest
from sqlalchemy import text

from core.local_vault import LocalVault
from ingest.frames import DUPLICATE, STORED, Frame, Refusal
from store.database import Database
from tests.devices import Device, enrol_directly
from tests.ingest.accept.gateway import Gateway, aside, flip, stored


async def test_stored_then_acknowledged(gateway: Gateway, worn: Device, database: Database) -> None:
    assert await gateway.send(worn, 0, 1, 3) == [STORED] * 3
    assert await stored(database) == [worn.chunk(seq) for seq in (0, 1, 3)]
    ack = await gateway.last_ack(worn)
    assert (ack.watermark, ack.ranges) == (2, ((3, 3),))
    assert len(gateway.heard) == 1, "one acknowledgement per session and batch"


async def test_duplicate_is_acknowledged_again(gateway: Gateway, worn: Device) -> None:
    await gateway.send(worn, 0)
    await gateway.last_ack(worn)
    gateway.heard.clear()
    assert await gateway.send(worn, 0) == [DUPLICATE]
    assert (await gateway.last_ack(worn)).covers(0)


async def test_conflict_is_refused_and_never_overwrites(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    await gateway.send(worn, 0)
    [outcome] = await gateway.send_frames(Frame(worn.topic, worn.chunk(0, value=9)))
    assert outcome.refusal is Refusal.CONFLICT
    assert await stored(database) == [worn.chunk(0)]
    [kept] = await aside(database)
    assert (kept.device_id, kept.reason) == (worn.id, "conflict")
    assert kept.frame == worn.chunk(0, value=9)


async def test_reordered_chunks_are_all_stored(gateway: Gateway, worn: Device) -> None:
    for seqs in ((9, 4, 7), (8, 1, 0), (6, 5, 3, 2)):
        assert await gateway.send(worn, *seqs) == [STORED] * len(seqs)
        await asyncio.sleep(0.02)
    assert (await gateway.last_ack(worn)).watermark == 10


@pytest.mark.parametrize("table", ["device", "device_key"])
async def test_revocation_is_obeyed_at_once_and_can_be_undone(
    gateway: Gateway, worn: Device, database: Database, table: str
) -> None:
    assert await gateway.send(worn, 0) == [STORED]
    async with database.transaction() as tx:
        await tx.execute(text(f"UPDATE {table} SET status = 'revoked'"))  # noqa: S608
    for frame in (worn.chunk(1), flip(worn.chunk(1), 200)):
        [outcome] = await gateway.send_frames(Frame(worn.topic, frame))
        assert outcome.refusal is Refusal.REVOKED
    async with database.transaction() as tx:
        await tx.execute(text(f"UPDATE {table} SET status = 'active'"))  # noqa: S608
    await asyncio.sleep(1.05)
    assert await gateway.send(worn, 1) == [STORED]


async def test_old_epoch_may_still_send(
    gateway: Gateway, worn: Device, database: Database, vault: LocalVault
) -> None:
    renewed = await enrol_directly(database, vault, Device(worn.id, epoch=2))
    assert await gateway.send(renewed, 0) == [STORED]
    assert await gateway.send(worn, 0) == [STORED]


async def test_many_islands_take_several_acknowledgements(gateway: Gateway, worn: Device) -> None:
    seqs = list(range(1, 160, 2))
    await gateway.send(worn, *seqs)
    await gateway.last_ack(worn)
    await asyncio.sleep(0.05)
    acks = [worn.believes(sealed) for _, sealed in gateway.heard]
    assert all(any(ack.covers(seq) for ack in acks) for seq in seqs)
    assert not any(ack.covers(seq) for ack in acks for seq in range(0, 160, 2))
