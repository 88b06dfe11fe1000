"""A revoked device is shown out of a running endpoint and let in no more; its key is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import mqtt5
import pytest

from core.keyring import KeyRing
from core.local_vault import LocalVault
from hisbundle import devices as operator
from hisbundle.revocation import keep_watch
from ingest.endpoint import MqttEndpoint
from store import devices, fleet
from store.database import Database
from tests.devices import Device, enrol_directly
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, until


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master.key")


@pytest.fixture
def keys(database: Database, vault: LocalVault) -> KeyRing:
    async def load(device_id: UUID, epoch: int) -> bytes | None:
        async with database.transaction() as tx:
            return await devices.wrapped_key(tx, device_id, epoch)

    return KeyRing(vault, load, 100, 3600.0)


@pytest.fixture
async def endpoint(database: Database, keys: KeyRing) -> AsyncIterator[MqttEndpoint]:
    async def authenticate(username: str, password: bytes) -> UUID | None:
        async with database.transaction() as tx:
            allowed = await devices.mqtt_login(tx, UUID(username), password)
        return UUID(username) if allowed else None

    opened = MqttEndpoint(MemorySink(), authenticate, None, port=0)
    await opened.start()
    watch = asyncio.create_task(keep_watch(database, keys, opened))
    yield opened
    watch.cancel()
    await opened.close()


async def _enrolled(database: Database, vault: LocalVault) -> Device:
    device = await enrol_directly(database, vault, Device())
    async with database.transaction() as tx:
        await devices.set_password(tx, device.id, "secret")
    return device


async def _is_refused(endpoint: MqttEndpoint, device: Device) -> bool:
    client = await RawClient.open(endpoint.port)
    client.say(mqtt5.ConnectPacket("raw", username=str(device.id), password=b"secret"))
    connack = await client.hear(mqtt5.ConnAckPacket)
    await client.close()
    return connack.reason_code is mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD


@pytest.mark.parametrize("only_the_key", [False, True])
async def test_a_revoked_device_is_shown_out(
    database: Database, vault: LocalVault, endpoint: MqttEndpoint, only_the_key: bool
) -> None:
    doomed, other = await _enrolled(database, vault), await _enrolled(database, vault)
    client = await RawClient.enter(endpoint.port, doomed.id)
    stays = await RawClient.enter(endpoint.port, other.id)
    async with database.transaction() as tx:
        if only_the_key:
            await fleet.revoke_epoch(tx, doomed.id, doomed.epoch)
        else:
            await operator.revoke(tx, doomed.id, datetime.now(UTC))
    goodbye = await client.hear(mqtt5.DisconnectPacket)
    assert goodbye.reason_code is mqtt5.DisconnectReasonCode.ADMINISTRATIVE_ACTION
    await client.close()
    assert await _is_refused(endpoint, doomed)
    stays.say(mqtt5.PingReqPacket())
    await stays.hear(mqtt5.PingRespPacket)
    await until(lambda: endpoint.devices == {other.id})
    await stays.close()


async def test_an_older_key_that_is_revoked_is_forgotten_and_the_device_stays(
    database: Database, vault: LocalVault, endpoint: MqttEndpoint, keys: KeyRing
) -> None:
    device = await _enrolled(database, vault)
    await enrol_directly(database, vault, Device(device.id, epoch=2))
    client = await RawClient.enter(endpoint.port, device.id)
    await keys.session(device.id, 1, bytes(16))
    async with database.transaction() as tx:
        await fleet.revoke_epoch(tx, device.id, 1)
    await until(lambda: keys.devices == set())
    with pytest.raises(Exception, match="no key of epoch 1"):
        await keys.session(device.id, 1, bytes(16))
    assert endpoint.devices == {device.id}
    await client.close()
