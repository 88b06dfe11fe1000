"""Restarts, several processes, lost connections, a vault that is away, a broken road."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from core.errors import Unavailable
from core.keys import KeyName
from core.local_vault import LocalVault
from ingest.frames import DUPLICATE, STORED, Refusal
from store.database import Database
from tests.conftest import with_database
from tests.devices import Device, enrol_directly
from tests.ingest.accept.gateway import Gateway, aside, stored


async def test_restart_keeps_what_was_answered(
    database: Database, vault: LocalVault, worn: Device
) -> None:
    for first in (0, 3, 6):
        gateway = Gateway(database, vault)
        async with gateway.core:
            assert STORED in await gateway.send(worn, *range(first, first + 5))
            assert (await gateway.last_ack(worn)).watermark == first + 5
    assert await stored(database) == [worn.chunk(seq) for seq in range(11)]


async def test_two_processes_on_one_database(
    database: Database, vault: LocalVault, worn: Device
) -> None:
    one, two = Gateway(database, vault, batch_max=7), Gateway(database, vault, batch_max=7)
    async with one.core, two.core:
        sent = await asyncio.gather(one.send(worn, *range(80)), two.send(worn, *range(79, -1, -1)))
        outcomes = [outcome for part in sent for outcome in part]
    assert (outcomes.count(STORED), outcomes.count(DUPLICATE)) == (80, 80)
    assert len(await stored(database)) == 80


async def test_killed_connections_lose_and_repeat_nothing(
    gateway: Gateway, worn: Device, database: Database, database_url: str
) -> None:
    killer = await asyncpg.connect(database_url)

    async def kill() -> None:
        while True:
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.03)

    killing = asyncio.create_task(kill())
    sending = [asyncio.create_task(gateway.send(worn, seq)) for seq in range(200)]
    await asyncio.sleep(0.5)
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    await killer.close()
    async with asyncio.timeout(20):
        outcomes = [(await sent)[0] for sent in sending]
    assert set(outcomes) <= {STORED, DUPLICATE}
    assert await stored(database) == [worn.chunk(seq) for seq in range(200)]
    assert (await gateway.last_ack(worn)).watermark == 200


async def test_away_database_holds_frames_back(
    vault: LocalVault, database_url: str, worn: Device
) -> None:
    """Nothing is answered while the database refuses us; all of it once it is back."""
    elsewhere = await asyncpg.connect(with_database(database_url, "postgres"))
    name = urlsplit(database_url).path[1:]
    database = Database(database_url)
    gateway = Gateway(database, vault, queue_max=4, batch_max=2)
    async with gateway.core:
        assert await gateway.send(worn, 0) == [STORED]
        await elsewhere.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await elsewhere.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        sending = asyncio.gather(*(gateway.send(worn, seq) for seq in range(1, 20)))
        await asyncio.sleep(0.4)
        assert not sending.done()
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true CONNECTION LIMIT -1")
        async with asyncio.timeout(20):
            assert await sending == [[STORED]] * 19
    await database.close()
    await elsewhere.close()


async def test_missing_right_is_nobodys_fault(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    """What an administrator must mend is waited for; no frame is refused for it."""
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE chunk RENAME TO misplaced"))
    sending = asyncio.create_task(gateway.send(worn, 0))
    await asyncio.sleep(0.3)
    assert not sending.done()
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE misplaced RENAME TO chunk"))
    assert await sending == [STORED]


class FlakyVault(LocalVault):
    """A key vault behind a network that is away at first."""

    away = True

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        if self.away:
            raise Unavailable("no route to the vault")
        return await super().unwrap(name, wrapped)


async def test_away_vault_is_no_refusal(database: Database, tmp_path: Path) -> None:
    vault = FlakyVault(tmp_path / "master.key")
    worn = await enrol_directly(database, vault, Device())
    gateway = Gateway(database, vault)
    async with gateway.core:
        sending = asyncio.create_task(gateway.send(worn, 0))
        await asyncio.sleep(0.3)
        assert not sending.done()
        vault.away = False
        assert await sending == [STORED]
    assert await aside(database) == []


async def test_shutdown_answers_nobody(
    database: Database, tmp_path: Path, worn: Device, vault: LocalVault
) -> None:
    flaky = FlakyVault(tmp_path / "other.key")
    gateway, blocked = Gateway(database, vault, queue_max=2), Gateway(database, flaky)
    async with gateway.core, blocked.core:
        sending = [asyncio.create_task(gateway.send(worn, seq)) for seq in range(10)]
        sending.append(asyncio.create_task(blocked.send(worn, 0)))
        await asyncio.sleep(0.003)
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert isinstance(answers[-1], Unavailable)
    assert all(isinstance(a, Unavailable) or a == [STORED] for a in answers)
    with pytest.raises(Unavailable):
        await gateway.send(worn, 11)


async def test_a_deaf_or_broken_road_stops_nothing(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    async def broken(device_id: UUID, sealed: bytes) -> None:
        raise ConnectionResetError

    gateway.core.ack_sink = broken
    for seq in range(3):
        assert await gateway.send(worn, seq) == [STORED]
    gateway.core.ack_sink = None
    assert await gateway.send(worn, 3) == [STORED]


async def test_a_frame_that_breaks_the_batch_is_found(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    """Whatever the database will not take costs its own frame only."""
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE chunk ADD CHECK (seq <> 5)"))
    outcomes = await gateway.send(worn, *range(10))
    assert [outcome.kind.value for outcome in outcomes].count("stored") == 9
    assert outcomes[5].refusal is Refusal.MALFORMED
    assert (await gateway.last_ack(worn)).device_id == worn.id


async def test_a_departed_sender_blocks_nobody(gateway: Gateway, worn: Device) -> None:
    leaving = asyncio.create_task(gateway.send(worn, 0))
    await asyncio.sleep(0.001)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert await gateway.send(worn, 1) == [STORED]
