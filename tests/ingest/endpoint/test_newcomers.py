"""Who only connects keeps nobody away, and costs a bounded number of file handles."""

import asyncio
import ssl
from uuid import UUID

import mqtt5
import structlog

from tests.ingest.certificates import Certificates
from tests.ingest.endpoint.conftest import Start
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import until


async def test_stalled_handshakes_are_crowded_out(
    start: Start, server_tls: ssl.SSLContext, certificates: Certificates, device: UUID
) -> None:
    endpoint = await start(server_tls, newcomers_max=3)
    mute = [await RawClient.open(endpoint.port) for _ in range(8)]
    for gone in mute[:5]:
        assert await gone.rest() == b""
    trust = ssl.create_default_context(cafile=certificates.ca)
    honest = await RawClient.open(endpoint.port, trust)
    honest.say(mqtt5.ConnectPacket("honest", username=str(device), password=b"secret"))
    assert (await honest.hear(mqtt5.ConnAckPacket)).reason_code == 0
    for client in [*mute, honest]:
        await client.close()


async def test_those_without_a_login_are_crowded_out(start: Start, device: UUID) -> None:
    endpoint = await start(newcomers_max=3)
    known = await RawClient.enter(endpoint.port, device)
    mute = [await RawClient.open(endpoint.port) for _ in range(6)]
    for gone in mute[:3]:
        assert await gone.rest() == b""
    known.say(mqtt5.PingReqPacket())
    await known.hear(mqtt5.PingRespPacket)
    for client in [*mute, known]:
        await client.close()


async def test_a_failed_handshake_leaves_nothing(start: Start, server_tls: ssl.SSLContext) -> None:
    endpoint = await start(server_tls)
    client = await RawClient.open(endpoint.port)
    client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await client.rest()
    await client.close()
    await until(lambda: len(endpoint._hub.newcomers) == 0)


async def test_close_ends_stalled_handshakes(start: Start, server_tls: ssl.SSLContext) -> None:
    endpoint = await start(server_tls)
    mute = await RawClient.open(endpoint.port)
    await asyncio.sleep(0.05)
    async with asyncio.timeout(4):
        await endpoint.close()
    assert await mute.rest() == b""
    await mute.close()


async def test_a_refused_login_names_the_device(start: Start, device: UUID) -> None:
    endpoint = await start()
    with structlog.testing.capture_logs() as events:
        for name in (str(device), "my password"):
            client = await RawClient.open(endpoint.port)
            client.say(mqtt5.ConnectPacket("c", username=name, password=b"wrong"))
            await client.hear(mqtt5.ConnAckPacket)
            await client.close()
    refused = [event for event in events if event["event"] == "mqtt.refused"]
    assert [event["device"] for event in refused] == [str(device), None]
    assert "password" not in str([event["device"] for event in refused])
