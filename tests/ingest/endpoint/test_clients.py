"""The endpoint with the clients that others wrote, over TLS."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from uuid import UUID

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from core.topics import ack_topic, chunk_topic
from ingest.endpoint import MqttEndpoint
from tests.ingest.certificates import Certificates
from tests.ingest.endpoint.conftest import Start
from tests.ingest.mosquitto import PUB, SUB, run
from tests.ingest.sinks import MemorySink


@pytest.fixture
async def secure(start: Start, server_tls: ssl.SSLContext) -> MqttEndpoint:
    return await start(server_tls)


def _common(program: str, endpoint: MqttEndpoint, device: UUID, files: Certificates) -> list[str]:
    where = ["-V", "5", "-h", "127.0.0.1", "-p", str(endpoint.port), "--cafile", str(files.ca)]
    return [program, *where, "-u", str(device), "-P", "secret"]


async def test_mosquitto_pub(
    secure: MqttEndpoint, device: UUID, sink: MemorySink, certificates: Certificates
) -> None:
    command = _common(PUB, secure, device, certificates)
    for qos in "01":
        status, printed = await run(
            *command,
            "-q",
            qos,
            "-t",
            chunk_topic(device),
            "-l",
            stdin=b"a%s\nb\nc\n" % qos.encode(),
        )
        assert (status, printed) == (0, "")
    await sink.until_stored(4)  # b and c came twice
    assert sink.stored[0] == b"a0"


async def test_mosquitto_pub_is_told_of_refusals(
    secure: MqttEndpoint, device: UUID, sink: MemorySink, certificates: Certificates
) -> None:
    command = _common(PUB, secure, device, certificates)
    _, printed = await run(*command, "-q", "1", "-t", "ecg/v1/other/chunk", "-m", "x")
    assert "Not authorized" in printed
    status, printed = await run(*command, "-q", "2", "-t", chunk_topic(device), "-m", "x")
    assert status or printed
    command[-1] = "wrong"
    status, printed = await run(*command, "-t", chunk_topic(device), "-m", "x")
    assert status
    assert "Bad User Name or Password" in printed
    old = ["-V", "311", *command[3:]]
    status, printed = await run(PUB, *old, "-t", chunk_topic(device), "-m", "x")
    assert status
    assert "unacceptable protocol version" in printed
    assert sink.stored == []


async def test_mosquitto_sub(
    secure: MqttEndpoint, device: UUID, certificates: Certificates
) -> None:
    command = _common(SUB, secure, device, certificates)
    hearing = asyncio.create_task(run(*command, "-q", "1", "-t", ack_topic(device), "-C", "2"))
    while not hearing.done():
        await secure.send(device, b"acknowledged")
        await asyncio.sleep(0.02)
    assert hearing.result() == (0, "acknowledged\nacknowledged\n")
    _, printed = await run(*command, "-t", "ecg/v1/+/ack", "-W", "1")
    assert "Wildcard Subscriptions not supported" in printed or "denied" in printed


@pytest.fixture
async def client(
    secure: MqttEndpoint, device: UUID, certificates: Certificates
) -> AsyncIterator[aiomqtt.Client]:
    context = ssl.create_default_context(cafile=certificates.ca)
    async with aiomqtt.Client(
        hostname="127.0.0.1",
        port=secure.port,
        ssl_context=context,
        username=str(device),
        password=b"secret",
        keep_alive=60,
    ) as connected:
        yield connected


async def _first(client: aiomqtt.Client) -> bytes:
    async for message in client.messages():
        assert isinstance(message, aiomqtt.PublishPacket)
        return message.payload
    raise EOFError


async def test_aiomqtt(
    secure: MqttEndpoint, device: UUID, sink: MemorySink, client: aiomqtt.Client
) -> None:
    await client.subscribe(ack_topic(device))
    topic, qos = chunk_topic(device), aiomqtt.QoS.AT_LEAST_ONCE
    await asyncio.gather(
        *(
            client.publish(topic, b"%d" % n, qos=qos, packet_id=next(client.packet_ids))
            for n in range(500)  # it keeps to the Receive Maximum by itself
        )
    )
    assert sorted(sink.stored) == sorted(b"%d" % n for n in range(500))
    hearing = asyncio.create_task(_first(client))
    await asyncio.sleep(0)  # lets it begin to wait: QoS 0 is dropped otherwise
    await secure.send(device, b"ack")
    heard = await hearing
    assert heard == b"ack"
    with pytest.raises(aiomqtt.NegativeAckError, match="NOT_AUTHORIZED"):
        await client.publish("elsewhere", b"x", qos=qos, packet_id=next(client.packet_ids))
    with pytest.raises(aiomqtt.NegativeAckError, match="WILDCARD"):
        await client.subscribe("#")


class _Paho:
    """paho runs in a thread of its own."""

    def __init__(self, port: int, device: UUID, files: Certificates) -> None:
        self.connected, self.subscribed = threading.Event(), threading.Event()
        self.codes: list[ReasonCode] = []
        self.heard: list[bytes] = []
        self.got = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, "paho", protocol=paho.MQTTv5)
        self.client.tls_set(str(files.ca))
        self.client.username_pw_set(str(device), "secret")
        self.client.on_connect = lambda *_: self.connected.set()
        self.client.on_subscribe = self._subscribed
        self.client.on_message = self._message
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        self.client.connect("127.0.0.1", port, keepalive=30, properties=properties)
        self.client.loop_start()

    def _subscribed(self, *given: object) -> None:
        codes = given[3]
        assert isinstance(codes, list)
        self.codes = codes
        self.subscribed.set()

    def _message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.heard.append(bytes(message.payload))
        self.got.set()

    def talk(self, device: UUID) -> None:
        assert self.connected.wait(10)
        options = SubscribeOptions(qos=1)
        self.client.subscribe([(ack_topic(device), options), ("#", options)])
        assert self.subscribed.wait(10)
        sent = [self.client.publish(chunk_topic(device), b"%d" % n, qos=1) for n in range(200)]
        for each in sent:
            each.wait_for_publish(10)

    def hear(self) -> None:
        assert self.got.wait(10)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


async def test_paho(
    secure: MqttEndpoint, device: UUID, sink: MemorySink, certificates: Certificates
) -> None:
    client = await asyncio.to_thread(_Paho, secure.port, device, certificates)
    await asyncio.to_thread(client.talk, device)
    assert sorted(sink.stored) == sorted(b"%d" % n for n in range(200))
    assert [code.value for code in client.codes] == [0, 162]
    await secure.send(device, b"ack")
    await asyncio.to_thread(client.hear)
    assert client.heard == [b"ack"]
    await asyncio.to_thread(client.leave)


async def test_a_client_that_trusts_another_authority(secure: MqttEndpoint) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", secure.port, ssl=ssl.create_default_context())


async def test_slow_tls_handshake_is_cut_off(start: Start, server_tls: ssl.SSLContext) -> None:
    endpoint = await start(server_tls, connect_s=0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
