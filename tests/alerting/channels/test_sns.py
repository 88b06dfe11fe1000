"""Messages to topics of an emulator, read at a queue that is subscribed to them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from alerting.channels.channel import Refused
from alerting.channels.sns import Sns, sns_client
from core.alerts import AlertKind, Priority
from core.errors import Unavailable
from core.messages import Message, MessageEvent
from tests.aws import emulator_of, nobody

REGION = "eu-central-1"
MESSAGE = Message(
    "f84696b3-ef99-545b-9687-0cc7fa1ca0bd", MessageEvent.TRIGGER, AlertKind.VENTRICULAR_TACHYCARDIA,
    Priority.HIGH, "Ventricular tachycardia", "00000001a1b2c3d4e5f60718293a4b5c", 3,
    datetime(2026, 3, 1, 12, tzinfo=UTC), 1, 0.98, "https://ecg.example/fhir/Flag/f84696b3",
)  # fmt: skip


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with emulator_of("-m", "moto.server") as url:
        yield url


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody(monkeypatch, tmp_path)


@pytest.mark.parametrize("suffix", ["", ".fifo"])
async def test_the_subscriber_has_it(endpoint: str, suffix: str) -> None:
    session = boto3.Session(region_name=REGION)
    sqs, admin = (session.client(name, endpoint_url=endpoint) for name in ("sqs", "sns"))
    fifo = {"FifoQueue": "true"} if suffix else {}
    queue = sqs.create_queue(QueueName=f"ward3{suffix}", Attributes=fifo)["QueueUrl"]
    topic = admin.create_topic(
        Name=f"ward3{suffix}", Attributes={"FifoTopic": "true"} if suffix else {}
    )["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    policy = orjson.dumps({"priority": ["high"]}).decode()
    admin.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"],
                    Attributes={"FilterPolicy": policy})  # fmt: skip
    sns = Sns(partial(sns_client, REGION, endpoint))
    receipt = await sns.send(topic, MESSAGE, "key1")
    (received,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    outer: dict[str, Any] = orjson.loads(received["Body"])
    told = orjson.loads(outer["Message"])
    assert outer["MessageId"] == receipt
    assert outer["Subject"] == "[high] Ventricular tachycardia"
    assert (told["session"], told["alert"]) == (MESSAGE.session, MESSAGE.alarm)
    assert (told["priority"], told["confidence"], told["link"]) == ("high", 0.98, MESSAGE.link)
    assert not any("patient" in name.lower() for name in told)
    sns.close()
    sqs.close()
    admin.close()


async def test_what_will_never_work_is_refused(endpoint: str) -> None:
    sns = Sns(partial(sns_client, REGION, endpoint))
    for topic in ("duty@example.org", f"arn:aws:sns:{REGION}:123456789012:nowhere"):
        with pytest.raises(Refused):
            await sns.send(topic, MESSAGE, "key1")
    sns.close()


async def test_what_may_work_later_is_not() -> None:
    sns = Sns(partial(sns_client, REGION, "http://127.0.0.1:9"))
    with pytest.raises(Unavailable):
        await sns.send(f"arn:aws:sns:{REGION}:123456789012:ward3", MESSAGE, "key1")
    sns.close()
