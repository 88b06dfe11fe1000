"""The subscriber with a real mosquitto, killed and started again."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
import structlog

from core.errors import Incorrect
from core.settings import Settings
from core.topics import ack_topic, chunk_topic
from ingest.broker.address import parse_address
from ingest.subscriber import BrokerSubscriber, pause_s, subscriber_from
from tests.ingest.broker.conftest import Subscribe, publish, subscribed
from tests.ingest.certificates import make_certificates
from tests.ingest.mosquitto import SUB, Mosquitto, free_port, run
from tests.ingest.sinks import MemorySink, until


def _subscriber(sink: MemorySink, **fields: object) -> BrokerSubscriber:
    return subscriber_from(Settings.model_validate(fields), sink)


def _numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % n for n in range(first, last)]


async def _left(broker: Mosquitto) -> None:
    """mosquitto reads one packet a turn: a new connection may overtake the old one's PUBACKs."""
    await until(lambda: "Client test-ingest disconnected." in broker.log())


async def test_frames_come_in_and_acks_go_out(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    subscriber = subscribe(broker.port)
    await subscribed(subscriber)
    await publish(broker.port, chunk_topic(device), _numbers(0, 300))
    await sink.until_stored(300)
    assert sink.stored == _numbers(0, 300)
    where = ["-V", "5", "-h", "127.0.0.1", "-p", str(broker.port), "-t", ack_topic(device)]
    hearing = asyncio.create_task(run(SUB, *where, "-C", "1"))
    while not hearing.done():
        await subscriber.send(device, b"acknowledged")
        await asyncio.sleep(0.02)
    assert hearing.result() == (0, "acknowledged\n")


async def test_nothing_is_acknowledged_before_the_commit(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    subscriber = subscribe(broker.port)
    await subscribed(subscriber)
    sink.gate.clear()
    await publish(broker.port, chunk_topic(device), _numbers(0, 500))
    await sink.until_waiting(100)
    await asyncio.sleep(0.2)
    assert sink.n_waiting == 100  # Receive Maximum: the broker waits for the first PUBACK
    sink.gate.set()
    await sink.until_stored(500)
    assert sink.stored == _numbers(0, 500)


async def test_a_refused_frame_does_not_come_again(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    first = subscribe(broker.port)
    await subscribed(first)
    await publish(broker.port, chunk_topic(device), [b"malformed", b"good"])
    await sink.until_stored(1)
    await first.close()
    await _left(broker)
    n_submitted = sink.n_submitted
    await subscribed(subscribe(broker.port))
    await publish(broker.port, chunk_topic(device), [b"next"])
    await sink.until_stored(2)
    assert sink.n_submitted == n_submitted + 1


async def test_broker_killed_and_started_again(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    subscriber = subscribe(broker.port)
    await subscribed(subscriber)
    for round_ in range(2):
        sink.gate.clear()
        wanted = _numbers(100 * round_, 100 * round_ + 50)
        await publish(broker.port, chunk_topic(device), wanted)
        await sink.until_waiting(50)
        broker.kill()  # with 50 unacknowledged: mosquitto forgets them, the device resends
        await until(lambda: not subscriber.subscribed.is_set())
        await until(lambda: sink.n_waiting == 0)
        await subscriber.send(device, b"into the void")
        sink.gate.set()
        broker.start()
        await subscribed(subscriber)
        await publish(broker.port, chunk_topic(device), wanted)
        await sink.until_stored(50 * (round_ + 1))
    assert len(sink.stored) == len(set(sink.stored)) == 100


async def test_broker_stopped_with_frames_unacknowledged(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    subscriber = subscribe(broker.port)
    await subscribed(subscriber)
    sink.gate.clear()
    await publish(broker.port, chunk_topic(device), _numbers(0, 300))
    await sink.until_waiting(100)
    await asyncio.to_thread(broker.stop)
    await until(lambda: not subscriber.subscribed.is_set())
    broker.start()
    sink.gate.set()
    await sink.until_stored(300)  # the broker kept them, in flight or queued
    assert sorted(sink.stored) == sorted(_numbers(0, 300))


async def test_the_queue_of_a_service_that_was_away(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    first = subscribe(broker.port)
    await subscribed(first)
    await first.close()
    await publish(broker.port, chunk_topic(device), _numbers(0, 400))
    second = subscribe(broker.port)
    await sink.until_stored(400)
    assert sink.stored == _numbers(0, 400)
    await second.close()


async def test_cancelled_in_the_middle(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    address = parse_address(f"mqtt://127.0.0.1:{broker.port}")
    crashing = BrokerSubscriber(sink, address, None, "test-ingest", 3600, 100)
    task = asyncio.create_task(crashing.run())
    await subscribed(crashing)
    sink.gate.clear()
    await publish(broker.port, chunk_topic(device), _numbers(0, 150))
    await sink.until_waiting(100)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: sink.n_waiting == 0)
    assert sink.stored == []
    sink.gate.set()
    subscribe(broker.port)
    await sink.until_stored(150)
    assert sorted(sink.stored) == sorted(_numbers(0, 150))


async def test_close_settles_and_acknowledges(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    first = subscribe(broker.port)
    await subscribed(first)
    sink.gate.clear()
    await publish(broker.port, chunk_topic(device), _numbers(0, 60))
    await sink.until_waiting(60)
    closing = asyncio.create_task(first.close())
    await asyncio.sleep(0)
    sink.gate.set()
    await closing
    assert sink.stored == _numbers(0, 60)
    await _left(broker)
    n_submitted = sink.n_submitted
    await subscribed(subscribe(broker.port))
    await publish(broker.port, chunk_topic(device), [b"next"])
    await sink.until_stored(61)
    assert sink.n_submitted == n_submitted + 1  # none of the 60 came again


async def test_a_failing_core_makes_the_broker_send_again(
    broker: Mosquitto, subscribe: Subscribe, sink: MemorySink, device: UUID
) -> None:
    subscriber = subscribe(broker.port)
    await subscribed(subscriber)
    sink.failure = RuntimeError("bug")
    await publish(broker.port, chunk_topic(device), _numbers(0, 5))
    await until(lambda: not subscriber.subscribed.is_set())
    sink.failure = None
    await sink.until_stored(5)
    assert sorted(sink.stored) == _numbers(0, 5)


async def test_two_with_one_client_id_do_not_spin(broker: Mosquitto, subscribe: Subscribe) -> None:
    one, other = subscribe(broker.port), subscribe(broker.port)
    await asyncio.sleep(1.5)
    assert broker.log().count("already connected") < 8
    await one.close()
    await other.close()


async def test_tls_passwords_and_clients_that_are_refused(
    broker: Mosquitto, tmp_path: Path, sink: MemorySink
) -> None:
    files = make_certificates(tmp_path)
    acl = "user ingest\ntopic read ecg/v1/+/chunk\ntopic write ecg/v1/+/ack\n"
    users = {"ingest": "s:e/c%ret", "other": "x"}
    broker.certificates, broker.users, broker.acl = files, users, acl
    broker.kill()
    broker.start()
    url = f"mqtts://ingest:s%3Ae%2Fc%25ret@localhost:{broker.port}"
    good = _subscriber(sink, mqtt_url=url, mqtt_ca_file=files.ca)
    wrong_url = url.replace("ret@", "rot@")
    bad = _subscriber(sink, mqtt_url=wrong_url, mqtt_ca_file=files.ca, mqtt_client_id="bad")
    blind = _subscriber(sink, mqtt_url=url, mqtt_client_id="blind")
    with structlog.testing.capture_logs() as logs:
        tasks = [asyncio.create_task(each.run()) for each in (good, bad, blind)]
        await subscribed(good)
        await until(lambda: len([entry for entry in logs if "reason" in entry]) >= 2)
    for each in (good, bad, blind):
        await each.close()
    await asyncio.gather(*tasks)
    reasons = {str(entry["event"]): str(entry["reason"]) for entry in logs if "reason" in entry}
    assert "NOT_AUTHORIZED" in reasons["broker.refused"]
    assert "CERTIFICATE_VERIFY_FAILED" in reasons["broker.away"]
    assert "ret" not in str(logs).replace("retr", "")


async def test_a_broker_that_does_not_speak_mqtt_5(sink: MemorySink) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(bytes.fromhex("20020001"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(old, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = parse_address(f"mqtt://127.0.0.1:{port}")
    subscriber = BrokerSubscriber(sink, address, None, "a", 60)
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(subscriber.run())
        await until(lambda: bool(logs))
    await subscriber.close()
    await task
    server.close()
    assert "MQTT 5" in logs[0]["reason"]


async def test_a_broker_that_is_away(sink: MemorySink, device: UUID) -> None:
    address = parse_address(f"mqtt://127.0.0.1:{free_port()}")
    subscriber = BrokerSubscriber(sink, address, None, "a", 60)
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(subscriber.run())
        await until(lambda: bool(logs))
    await subscriber.send(device, b"nobody hears it")
    await subscriber.close()
    await task
    assert logs[0]["event"] == "broker.away"


def test_pauses_grow_and_are_bounded() -> None:
    assert pause_s(0, 1.0) == 0.5
    assert [pause_s(n, 1.0) for n in range(3)] == [0.5, 1.0, 2.0]
    assert pause_s(1000, 1.0) == 30.0
    assert pause_s(1000, 0.0) == 15.0


async def test_without_url(sink: MemorySink) -> None:
    with pytest.raises(Incorrect, match="mqtt_url"):
        _subscriber(sink, mqtt_url=None)
