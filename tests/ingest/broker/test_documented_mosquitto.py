"""The configuration of docs/brokers, in a real mosquitto, with the real ingest behind it."""

import asyncio
import secrets
import shutil
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import mqtt5
import pytest
from mqtt5 import PubAckReasonCode as Code

from core.ack import Acknowledgement, seal_ack
from core.errors import HisbundleError
from core.local_vault import LocalVault
from core.settings import Settings
from core.topics import ack_topic, command_topic
from ingest.subscriber import subscriber_from
from store.database import Database
from tests.devices import Device, enrol_directly
from tests.ingest.accept.gateway import Gateway, aside, stored
from tests.ingest.broker.conftest import subscribed
from tests.ingest.certificates import make_certificates
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.mosquitto import Mosquitto

DOCS = Path(__file__).parents[3] / "docs" / "brokers"
SERVICE = "hisbundle"


@dataclass
class Ward:
    """A broker as documented, the service behind it, two devices with a certificate each."""

    broker: Mosquitto
    gateway: Gateway
    database: Database
    anna: Device
    berta: Device

    def tls(self, who: str | None) -> ssl.SSLContext:
        """As ``who`` by its certificate."""
        folder = self.broker.folder
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        context.check_hostname = False
        if who is not None:
            context.load_cert_chain(folder / f"{who}.pem", folder / f"{who}-key.pem")
        return context

    async def enter(self, device: Device, client_id: str = "", username: str = "any") -> RawClient:
        client = await RawClient.open(self.broker.port, self.tls(str(device.id)))
        client.say(mqtt5.ConnectPacket(client_id, username=username, password=b"any"))
        assert (await client.hear(mqtt5.ConnAckPacket)).reason_code == 0
        return client


async def publish(client: RawClient, topic: str, payload: bytes) -> Code:
    """At QoS 1; the reason in the PUBACK."""
    packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1)
    client.say(packet)
    return (await client.hear(mqtt5.PubAckPacket)).reason_code


async def subscribe(client: RawClient, *filters: str) -> None:
    client.say(mqtt5.SubscribePacket(1, [mqtt5.Subscription(each) for each in filters]))
    await client.hear(mqtt5.SubAckPacket)


@pytest.fixture
async def ward(database: Database, tmp_path: Path) -> AsyncIterator[Ward]:
    vault = LocalVault(tmp_path / "master.key")
    anna = await enrol_directly(database, vault, Device())
    berta = await enrol_directly(database, vault, Device())
    files = make_certificates(tmp_path, [SERVICE, str(anna.id), str(berta.id)])
    shutil.copy(files.cert, tmp_path / "server.pem")
    shutil.copy(files.key, tmp_path / "server-key.pem")
    shutil.copy(DOCS / "acl", tmp_path / "acl")
    broker = Mosquitto(tmp_path, documented=(DOCS / "mosquitto.conf").read_text()).start()
    gateway = Gateway(database, vault)
    settings = Settings.model_validate(
        {
            "mqtt_url": f"mqtts://localhost:{broker.port}",
            "mqtt_ca_file": files.ca,
            "mqtt_client_cert_file": tmp_path / f"{SERVICE}.pem",
            "mqtt_client_key_file": tmp_path / f"{SERVICE}-key.pem",
            "mqtt_client_id": SERVICE,
        }
    )
    async with gateway.core:
        subscriber = subscriber_from(settings, gateway.core)
        gateway.core.ack_sink = subscriber.send
        running = asyncio.create_task(subscriber.run())
        await subscribed(subscriber)
        yield Ward(broker, gateway, database, anna, berta)
        await subscriber.close()
        await running
    broker.kill()


async def _stored(ward: Ward, *frames: bytes) -> None:
    async with asyncio.timeout(20):
        while sorted(await stored(ward.database)) != sorted(frames):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _until_stored(ward: Ward, *frames: bytes) -> None:
    async with asyncio.timeout(20):
        while sorted(await stored(ward.database)) != sorted(frames):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_chunk_goes_in_and_its_acknowledgement_comes_back(ward: Ward) -> None:
    client = await ward.enter(ward.anna)
    await subscribe(client, ack_topic(ward.anna.id))
    assert await publish(client, ward.anna.topic, ward.anna.chunk(0)) is Code.SUCCESS
    heard = await client.hear(mqtt5.PublishPacket)
    assert ward.anna.believes(heard.payload).watermark == 1
    await client.close()


async def test_a_device_cannot_publish_as_another(ward: Ward) -> None:
    anna, berta = ward.anna, ward.berta
    client = await ward.enter(berta, username=str(anna.id))  # what CONNECT says counts for nothing
    assert await publish(client, anna.topic, anna.chunk(0)) is Code.NOT_AUTHORIZED
    assert await publish(client, berta.topic, anna.chunk(0)) is Code.SUCCESS  # but see below
    assert await publish(client, berta.topic, berta.chunk(0)) is Code.SUCCESS
    await _until_stored(ward, berta.chunk(0))
    assert [each.reason for each in await aside(ward.database)] == ["wrong-topic"]
    await client.close()


async def test_nobody_takes_over_a_client_id(ward: Ward) -> None:
    berta = await ward.enter(ward.berta)
    intruder = await ward.enter(ward.anna, client_id=SERVICE)
    other = await ward.enter(ward.anna, client_id=str(ward.berta.id))  # ends the one before only
    await publish(berta, ward.berta.topic, ward.berta.chunk(0))
    await _until_stored(ward, ward.berta.chunk(0))
    for client in (berta, intruder, other):
        await client.close()


async def test_a_device_cannot_hear_what_is_meant_for_another(ward: Ward) -> None:
    anna, berta = await ward.enter(ward.anna), await ward.enter(ward.berta)
    foreign = (ack_topic(ward.anna.id), command_topic(ward.anna.id), ward.anna.topic, "#")
    await subscribe(berta, *foreign, ack_topic(ward.berta.id))
    await subscribe(anna, ack_topic(ward.anna.id))
    await publish(anna, ward.anna.topic, ward.anna.chunk(0))
    await anna.hear(mqtt5.PublishPacket)  # so it has gone out by now
    await publish(berta, ward.berta.topic, ward.berta.chunk(0))
    assert (await berta.hear(mqtt5.PublishPacket)).topic == ack_topic(ward.berta.id)
    await anna.close()
    await berta.close()


@pytest.mark.parametrize("who", [None, "elsewhere/stranger"])
async def test_nobody_enters_without_a_certificate_of_ours(
    ward: Ward, tmp_path: Path, who: str | None
) -> None:
    (tmp_path / "elsewhere").mkdir()
    make_certificates(tmp_path / "elsewhere", ["stranger"])  # of another authority
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError)):
        client = await RawClient.open(ward.broker.port, ward.tls(who))
        client.say(mqtt5.ConnectPacket("", username=str(ward.anna.id), password=b"any"))
        await client.hear(mqtt5.ConnAckPacket)


async def test_a_replayed_session_is_stored_once(ward: Ward) -> None:
    client, anna = await ward.enter(ward.anna), ward.anna
    for seq in (0, 1, 2, 0, 1, 2, 3):
        assert await publish(client, anna.topic, anna.chunk(seq)) is Code.SUCCESS
    await _until_stored(ward, *(anna.chunk(seq) for seq in range(4)))
    assert await aside(ward.database) == []
    await client.close()


async def test_other_bytes_under_a_number_that_is_taken_are_refused(ward: Ward) -> None:
    """What a device sends whose memory was rolled back into a session that was used."""
    client, anna = await ward.enter(ward.anna), ward.anna
    for frame in (anna.chunk(0, 5), anna.chunk(0, 6), anna.chunk(1)):
        await publish(client, anna.topic, frame)
    await _until_stored(ward, anna.chunk(0, 5), anna.chunk(1))
    assert [each.reason for each in await aside(ward.database)] == ["conflict"]
    await client.close()


async def test_nobody_else_can_acknowledge_and_nobody_would_be_believed(ward: Ward) -> None:
    anna, berta = ward.anna, ward.berta
    claim = Acknowledgement(anna.id, anna.epoch, anna.session_id, 1_000, ())
    forged = seal_ack(claim, secrets.token_bytes(32))
    for device in (anna, berta):
        client = await ward.enter(device)
        assert await publish(client, ack_topic(anna.id), forged) is Code.NOT_AUTHORIZED
        await client.close()
    with pytest.raises(HisbundleError):
        anna.believes(forged)
