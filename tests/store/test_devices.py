"""Devices, their keys, who wears them, the service's own secrets."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.errors import Conflict, NotFound
from core.keys import device_key_name
from core.local_vault import LocalVault
from store import devices, secrets, wearing
from store.database import Database
from store.devices import Standing
from tests.devices import Device

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def _at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


async def test_find_and_list(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        found = await devices.find(tx, device.id)
        assert found is not None and (found.id, found.status) == (device.id, "active")
        assert await devices.find(tx, uuid4()) is None
        other = await devices.hold(tx, uuid4())
        assert {d.id for d in await devices.listing(tx, 10)} == {device.id, other.id}
        assert len(await devices.listing(tx, 1)) == 1


async def test_hold_makes_once_and_keeps_the_status(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        await devices.set_status(tx, device.id, "revoked")
        assert (await devices.hold(tx, device.id)).status == "revoked"


async def test_hold_waits_for_the_other_enrolment(database: Database) -> None:
    new = uuid4()
    order: list[str] = []

    async def second() -> None:
        async with database.transaction() as tx:
            await devices.hold(tx, new)
            order.append("second")

    async with database.transaction() as tx:
        await devices.hold(tx, new)
        task = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        order.append("first")
    await task
    assert order == ["first", "second"]


async def test_login(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        for password in (b"", b"secret", bytes(32)):
            assert not await devices.mqtt_login(tx, device.id, password), "no password is set yet"
        await devices.set_password(tx, device.id, "secret")
        assert await devices.mqtt_login(tx, device.id, b"secret")
        assert not await devices.mqtt_login(tx, device.id, b"Secret")
        assert not await devices.mqtt_login(tx, uuid4(), b"secret")
        await devices.set_status(tx, device.id, "revoked")
        assert not await devices.mqtt_login(tx, device.id, b"secret")


async def test_rotation_and_revocation(
    database: Database, device: Device, vault: LocalVault
) -> None:
    async with database.transaction() as tx:
        await devices.add_key(tx, device.id, 2, b"second")
        newest = await devices.newest_key(tx, device.id)
        assert newest is not None
        assert (newest.epoch, newest.wrapped, newest.status) == (2, b"second", "active")
        assert await devices.standing(tx, device.id, 1) == Standing("active", "retired")
        first = await devices.wrapped_key(tx, device.id, 1)
        assert first is not None, "a retired key still opens"
        assert await vault.unwrap(device_key_name(device.id, 1), first) == device.key
        await devices.revoke_key(tx, device.id, 1)
        assert await devices.wrapped_key(tx, device.id, 1) is None
        assert await devices.standing(tx, device.id, 1) == Standing("active", "revoked")
        assert await devices.standing(tx, device.id, 3) == Standing("active", None)
        assert await devices.standing(tx, uuid4(), 1) == Standing(None, None)
        await devices.set_status(tx, device.id, "revoked")
        assert await devices.wrapped_key(tx, device.id, 2) == b"second"


async def test_unknown_things_are_not_found(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        assert await devices.newest_key(tx, uuid4()) is None
        with pytest.raises(NotFound):
            await devices.set_status(tx, uuid4(), "revoked")
        with pytest.raises(NotFound):
            await devices.revoke_key(tx, device.id, 9)
        with pytest.raises(NotFound):
            await wearing.put_on(tx, uuid4(), "p", T0)
        with pytest.raises(NotFound):
            await wearing.take_off(tx, device.id, T0)


async def test_one_patient_at_a_time(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        await wearing.put_on(tx, device.id, "anna", _at(0))
        again = await wearing.put_on(tx, device.id, "anna", _at(1))
        assert again.since == _at(0), "worn already"
        await wearing.put_on(tx, device.id, "bert", _at(2))
        await wearing.take_off(tx, device.id, _at(3))
        await wearing.put_on(tx, device.id, "carl", _at(4))
        worn = [await wearing.worn_at(tx, device.id, _at(h)) for h in (-1, 0, 1.9, 2, 3, 4, 99)]
        names = [w.patient_id if w else None for w in worn]
        assert names == [None, "anna", "anna", "bert", None, "carl", "carl"]
        now = await wearing.worn_now(tx, device.id)
        assert now is not None and now.patient_id == "carl"
        assert [w.patient_id for w in await wearing.history(tx, device.id)] == [
            "anna",
            "bert",
            "carl",
        ]


@pytest.mark.parametrize("taken_off", [False, True])
async def test_the_past_is_not_rewritten(
    database: Database, device: Device, taken_off: bool
) -> None:
    async with database.transaction() as tx:
        await wearing.put_on(tx, device.id, "anna", _at(1))
        if taken_off:
            await wearing.take_off(tx, device.id, _at(3))
        with pytest.raises(Conflict):
            await wearing.put_on(tx, device.id, "bert", _at(2 if taken_off else 0))


async def test_first_secret_stays(database: Database) -> None:
    async with database.transaction() as tx:
        assert await secrets.find(tx, "enrolment") is None
        assert await secrets.put_first(tx, "enrolment", b"one") == b"one"
    async with database.transaction() as tx:
        assert await secrets.put_first(tx, "enrolment", b"two") == b"one"
        assert await secrets.find(tx, "enrolment") == b"one"
