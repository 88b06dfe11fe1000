"""Any bytes at all: the endpoint stays, nothing leaks, every packet is read or refused."""

import asyncio
from uuid import UUID, uuid4

import mqtt5
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.topics import ack_topic, chunk_topic
from ingest.endpoint import Limits, MqttEndpoint
from ingest.endpoint.inbox import Inbox, Violation
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, Passwords

DEVICE = UUID("7d1b8a6c-3f6e-4a53-9a0b-2f0c5e6d7a81")
_PAIRS = [("key", "value")]
PACKETS: list[mqtt5.Packet] = [
    mqtt5.PublishPacket(chunk_topic(DEVICE), b"x" * 40),
    mqtt5.PublishPacket(
        "t",
        b"payload",
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=7,
        content_type="c",
        response_topic="r",
        correlation_data=b"\xff",
        message_expiry_interval=3,
        payload_format_indicator=1,
        user_properties=_PAIRS,
    ),
    mqtt5.ConnectPacket(
        "client",
        username=str(DEVICE),
        password=b"\xff\xfe",
        will=mqtt5.Will("w", payload=b"\xff", content_type="c", user_properties=_PAIRS),
        authentication_method="m",
        authentication_data=b"\xff",
        user_properties=_PAIRS,
    ),
    mqtt5.SubscribePacket(1, [mqtt5.Subscription(ack_topic(DEVICE)), mqtt5.Subscription("#")]),
    mqtt5.SubscribePacket(1, [mqtt5.Subscription("a")], subscription_id=300),
    mqtt5.UnsubscribePacket(2, ["a", "b"], user_properties=_PAIRS),
    mqtt5.PingReqPacket(),
    mqtt5.DisconnectPacket(
        reason_code=mqtt5.DisconnectReasonCode.UNSPECIFIED_ERROR,
        reason_str="s",
        user_properties=_PAIRS,
    ),
    mqtt5.PubAckPacket(1),
    mqtt5.AuthPacket(authentication_method="m"),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Packets with some bytes changed, cut short or gone on."""
    packets = draw(st.lists(st.sampled_from(PACKETS), min_size=1, max_size=4))
    sent = bytearray(b"".join(packet.write() for packet in packets))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(sent) - 1))
        sent[place] = draw(st.sampled_from([0, 1, 2, 38, 127, 128, 255]) | st.integers(0, 255))
    return bytes(sent[: draw(st.integers(1, len(sent)))])


@settings(max_examples=500, deadline=None)
@given(damaged() | st.binary(max_size=300))
@example(b"\x30\x05\x00\x02\xff\xfe\x00")
def test_inbox_reads_or_refuses(sent: bytes) -> None:
    inbox = Inbox(4096)
    inbox.feed(sent)
    try:
        while head := inbox.head():
            inbox.take(head)
    except Violation as violation:
        assert violation.reason.value >= 128
    assert len(inbox) <= len(sent)


@given(st.lists(st.sampled_from(PACKETS[:7]), max_size=5), st.integers(1, 50))
def test_inbox_does_not_care_how_bytes_arrive(packets: list[mqtt5.Packet], size: int) -> None:
    whole = b"".join(packet.write() for packet in packets)
    inbox, read = Inbox(4096), []
    for start in range(0, len(whole), size):
        inbox.feed(whole[start : start + size])
        while head := inbox.head():
            read.append(inbox.take(head).write())
    assert b"".join(read) == whole
    assert len(inbox) == 0


@pytest.mark.parametrize("inside", [True, False])
def test_connection_survives_anything(inside: bool) -> None:
    sink, passwords = MemorySink(), Passwords()
    passwords.add(DEVICE)
    unlimited = Limits(linger_s=0.0, failures_per_client=10**6, failures_per_address=10**6)
    complaints: list[dict[str, object]] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: complaints.append(context))
        endpoint = MqttEndpoint(sink, passwords, None, port=0, limits=unlimited)
        runner.run(endpoint.start())
        n_tasks = len(asyncio.all_tasks(runner.get_loop()))

        @settings(max_examples=150, deadline=None)
        @given(damaged() | st.binary(min_size=1, max_size=300))
        def bombard(sent: bytes) -> None:
            runner.run(_bombard(endpoint.port, sent, inside))

        bombard()
        runner.run(_proof_of_life(endpoint, sink))
        assert len(asyncio.all_tasks(runner.get_loop())) == n_tasks
        runner.run(endpoint.close())
        assert endpoint.n_connections == 0
    assert complaints == []


async def _bombard(port: int, sent: bytes, inside: bool) -> None:
    client = await (RawClient.enter(port, DEVICE) if inside else RawClient.open(port))
    client.writer.write(sent)
    client.writer.write_eof()
    await client.rest()
    await client.close()


async def _proof_of_life(endpoint: MqttEndpoint, sink: MemorySink) -> None:
    client = await RawClient.enter(endpoint.port, DEVICE)
    payload = uuid4().bytes
    topic, qos = chunk_topic(DEVICE), mqtt5.QoS.AT_LEAST_ONCE
    client.say(mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=1))
    await client.hear(mqtt5.PubAckPacket)
    assert sink.stored[-1] == payload
    client.say(mqtt5.DisconnectPacket())
    await client.rest()
    await client.close()
    while endpoint.n_connections:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
