"""The outbox and the sender, against a real Postgres, a real SNS emulator and a line of our own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import boto3
import orjson
import pytest
from sqlalchemy import text

from alerting.channels.channel import Refused
from alerting.channels.sns import Sns, sns_client
from alerting.sender import LANE, LEASE_S, Patience, Sender
from core.errors import NotFound, Unavailable
from core.messages import ChannelKind, Message
from fhir.publishing.alarms import OUTBOX
from store import notifications
from store.database import Database
from tests.alerting.ward import BASE, HIGH, NURSE, WARD, Ward, closed, open_ward
from tests.aws import emulator_of, nobody

REGION = "eu-central-1"


@dataclass
class Line:
    """A channel that keeps what it was given, and fails as it is told to."""

    error: Exception | None = None
    taken: list[tuple[str, str]] = field(default_factory=list)
    tries: int = 0
    hold: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, address: str, message: Message, key: str) -> str:
        self.tries += 1
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.taken.append((message.event.value, key))
        return "taken"


@pytest.fixture
async def ward(database: Database) -> Ward:
    made = await open_ward(database)
    await made.put_in_force(WARD)
    return made


def sender(ward: Ward, line: Line, give_up_s: float = 3600) -> Sender:
    patience = Patience(give_up_s, 0.05)
    return Sender(ward.database, {ChannelKind.SNS: line}, patience, now=lambda: ward.now)


async def statuses(ward: Ward) -> list[str]:
    rows = await ward.rows("SELECT status FROM notification ORDER BY id")
    return [row[0] for row in rows]


async def test_two_senders_send_each_message_once(ward: Ward) -> None:
    await ward.tell(HIGH)
    line = Line()
    ward.now += timedelta(seconds=5)
    turns = [sender(ward, line).turn(ChannelKind.SNS) for _ in range(6)]
    assert sum(await asyncio.gather(*turns)) == 1
    assert len(line.taken) == 1
    assert await statuses(ward) == ["sent"]


async def test_one_that_was_killed_is_sent_again_under_the_same_key(ward: Ward) -> None:
    await ward.tell(HIGH)
    line = Line(hold=asyncio.Event())
    ward.now += timedelta(seconds=5)
    killed = asyncio.create_task(sender(ward, line).turn(ChannelKind.SNS))
    await line.begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert not await sender(ward, line).turn(ChannelKind.SNS)
    ward.now += timedelta(seconds=LEASE_S + 1)
    line.hold = None
    assert await sender(ward, line).turn(ChannelKind.SNS)
    assert len(line.taken) == 1
    assert line.tries == 2


async def test_what_fails_is_tried_until_patience_ends_and_can_be_sent_again(ward: Ward) -> None:
    await ward.tell(HIGH)
    line = Line(Unavailable("down"))
    for _ in range(40):
        ward.now += timedelta(seconds=301)
        await sender(ward, line).turn(ChannelKind.SNS)
    assert await statuses(ward) == ["dead"]
    assert 10 < line.tries < 15
    async with ward.database.transaction() as tx:
        (dead,) = await notifications.unsent(tx, 10)
        assert (dead.status, dead.error) == ("dead", "down")
        with pytest.raises(NotFound):
            await notifications.resend(tx, dead.id + 1, ward.now)
        assert await notifications.resend(tx, dead.id, ward.now) == 1
    line.error = None
    assert await sender(ward, line).turn(ChannelKind.SNS)
    assert await statuses(ward) == ["sent"]


async def test_a_clock_that_is_put_back_holds_up_no_message(ward: Ward) -> None:
    ward.now += timedelta(days=1)
    await ward.tell(HIGH)
    line = Line(Unavailable("down"))
    await sender(ward, line, 10 * 86_400).turn(ChannelKind.SNS)
    line.error = None
    ward.now -= timedelta(days=1)
    assert await sender(ward, line).turn(ChannelKind.SNS)
    assert await statuses(ward) == ["sent"]


async def test_what_is_refused_is_dead_at_once_with_the_reason(ward: Ward) -> None:
    await ward.tell(HIGH)
    ward.now += timedelta(seconds=61)
    while await ward.escalation().turn():
        pass
    line = Line(Refused("no such topic"))
    for kind in ChannelKind:
        await sender(ward, line).turn(kind)
    rows = await ward.rows("SELECT channel, status, error FROM notification ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("sns", "dead", "no such topic"),
        ("email", "dead", "the channel email is not set up"),
    ]


async def test_each_attempt_is_a_version_of_a_communication(ward: Ward) -> None:
    await ward.tell(HIGH)
    line = Line(Unavailable("down"))
    for error in (line.error, line.error, None):
        line.error = error
        ward.now += timedelta(seconds=301)
        assert await sender(ward, line).turn(ChannelKind.SNS)
    [told] = await ward.clinic.all("Communication")
    (flag,) = await ward.clinic.all("Flag")
    assert (told["status"], told["meta"]["versionId"]) == ("completed", "3")
    assert told["note"][0]["text"] == "Attempt 3: taken."
    assert told["about"] == [{"reference": f"Flag/{flag['id']}"}]
    assert "statusReason" not in told
    rows = await ward.rows(
        "SELECT body FROM resource_version WHERE type = 'Communication' ORDER BY version"
    )
    before = [orjson.loads(row[0]) for row in rows]
    assert [(b["status"], b["statusReason"]["text"]) for b in before] == [
        ("in-progress", "down")
    ] * 2


async def test_what_was_told_late_does_not_change_a_communication_that_is_done(ward: Ward) -> None:
    await ward.tell(HIGH)
    slow, quick = Line(Unavailable("down"), hold=asyncio.Event()), Line()
    ward.now += timedelta(seconds=5)
    late = asyncio.create_task(sender(ward, slow).turn(ChannelKind.SNS))
    await slow.begun.wait()
    ward.now += timedelta(seconds=LEASE_S + 1)
    assert await sender(ward, quick).turn(ChannelKind.SNS)
    assert slow.hold is not None
    slow.hold.set()
    await late
    [told] = await ward.clinic.all("Communication")
    assert (told["status"], told["meta"]["versionId"]) == ("completed", "1")


async def test_an_end_never_overtakes_its_beginning(ward: Ward) -> None:
    await ward.tell(HIGH)
    line = Line(Unavailable("down"))
    ward.now += timedelta(seconds=5)
    await sender(ward, line).turn(ChannelKind.SNS)
    await ward.tell(closed(HIGH))
    await ward.wait(WARD.quiet_s + 1)
    line.error = None
    ward.now += timedelta(seconds=600)
    while await sender(ward, line).turn(ChannelKind.SNS):
        pass
    events = [event for event, _ in line.taken]
    assert events[0] == "trigger"
    assert events[-1] == "resolve"


async def test_a_storm_waits_but_not_what_is_urgent(ward: Ward) -> None:
    await ward.tell(HIGH)
    ward.now += timedelta(seconds=1)
    async with ward.database.transaction() as tx:
        await tx.execute(text(_STORM), {"now": ward.now})
    line = Line()
    calm = Patience(3600, 0.05, per_minute=10)
    paced = Sender(ward.database, {ChannelKind.SNS: line}, calm, now=lambda: ward.now)
    while await paced.turn(ChannelKind.SNS):
        pass
    assert len(line.taken) in range(10, 10 + LANE + 1)
    assert line.taken[0][1] == "notification-1", "the urgent one comes first"
    for _ in range(3):
        ward.now += timedelta(seconds=61)
        while await paced.turn(ChannelKind.SNS):
            pass
    assert len(line.taken) == 31
    assert set(await statuses(ward)) == {"sent"}
    ward.now += timedelta(seconds=calm.kept_s + 1)
    await paced.tidy()
    assert await statuses(ward) == []


_STORM = """
    INSERT INTO notification (alarm, patient_id, event, level, round, channel, address, message,
        created_at, next_try_at)
    SELECT 'storm' || i, patient_id, event, level, round, channel, address,
        message || '{"priority": "low"}', :now, :now
    FROM notification, generate_series(1, 30) i WHERE id = 1
"""


async def test_a_worker_is_woken_by_the_message(ward: Ward) -> None:
    line, stop = Line(), asyncio.Event()
    ward.now += timedelta(seconds=60)
    running = asyncio.create_task(sender(ward, line).run(stop))
    await ward.tell(HIGH)
    async with asyncio.timeout(20):
        wake = ward.database.listen(OUTBOX)
        while not line.taken:
            await wake.wait(0.05)
    stop.set()
    await running


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    nobody(monkeypatch, tmp_path)
    with emulator_of("-m", "moto.server") as url:
        yield url


async def test_an_alarm_reaches_the_queue_behind_its_topic(ward: Ward, endpoint: str) -> None:
    session = boto3.Session(region_name=REGION)
    sqs, admin = (session.client(name, endpoint_url=endpoint) for name in ("sqs", "sns"))
    topic = admin.create_topic(Name="ward3")["TopicArn"]
    queue = sqs.create_queue(QueueName="ward3")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    admin.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    (level, *rest) = WARD.levels
    nurse = type(NURSE)(ChannelKind.SNS, topic)
    await ward.put_in_force(
        type(WARD)(WARD.name, levels=(type(level)(0, (nurse,)), *rest), quiet_s=WARD.quiet_s)
    )
    await ward.tell(HIGH)
    sns = Sns(partial(sns_client, REGION, endpoint))
    messenger = Sender(ward.database, {ChannelKind.SNS: sns}, now=lambda: ward.now)
    while await statuses(ward) != ["sent"]:  # a busy machine's emulator may need more than one
        ward.now += timedelta(seconds=301)
        assert await messenger.turn(ChannelKind.SNS)
    (received,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = orjson.loads(orjson.loads(received["Body"])["Message"])
    assert told["link"].startswith(f"{BASE}/Flag/")
    assert "patient" not in received["Body"].lower()
    sns.close()
    sqs.close()
    admin.close()
