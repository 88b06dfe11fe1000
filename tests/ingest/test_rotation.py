"""The desk for new keys: one is taken from whoever has the key before, and from nobody else."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.enrolment import MAX_EPOCH, seal_device_key
from core.errors import Unavailable
from core.keys import KeyName, device_key_name
from core.local_vault import LocalVault
from core.rotation import build_request, command_taken, command_to_rotate
from core.topics import chunk_topic, key_topic
from ingest.enrol import EnrolmentKey, EnrolmentRequest, enrol, load_enrolment_key
from ingest.frames import STORED, Frame, Outcome, Refusal
from ingest.rotation import ByTopic, KeyDesk, ask_for_keys
from store import devices, fleet, quarantine
from store.database import Database


class Road:
    """Remembers the commands that were sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[UUID, bytes]] = []
        self.arrived = asyncio.Event()

    async def command(self, device_id: UUID, payload: bytes) -> None:
        self.sent.append((device_id, payload))
        self.arrived.set()


class Owner:
    """An enrolled device and the desk that it asks."""

    def __init__(self, database: Database, vault: LocalVault, service: EnrolmentKey) -> None:
        self.database, self.vault, self.service = database, vault, service
        self.id, self.key = uuid4(), secrets.token_bytes(32)
        self.road = Road()
        self.desk = KeyDesk(database, vault, service, 10)
        self.desk.command = self.road.command

    async def enrol(self) -> None:
        sealed = seal_device_key(self.key, self.id, 1, self.service.public_point)
        async with self.database.transaction() as tx:
            request = EnrolmentRequest(self.id, 1, sealed)
            await enrol(tx, self.vault, self.service, request)

    def request(self, new: bytes, epoch: int = 2, before: bytes | None = None) -> bytes:
        point = self.service.public_point
        return build_request(new, before or self.key, self.id, epoch, point)

    async def ask(self, payload: bytes, identity: UUID | None = None) -> Outcome:
        return await self.desk.submit(Frame(key_topic(self.id), payload, identity))

    async def newest(self) -> tuple[int, bytes]:
        async with self.database.transaction() as tx:
            newest = await devices.newest_key(tx, self.id)
        assert newest is not None
        name = device_key_name(self.id, newest.epoch)
        return newest.epoch, await self.vault.unwrap(name, newest.wrapped)


@pytest.fixture
async def owner(database: Database, tmp_path: Path) -> Owner:
    vault = LocalVault(tmp_path / "master.key")
    owner = Owner(database, vault, await load_enrolment_key(database, vault))
    await owner.enrol()
    return owner


async def test_a_new_key_is_taken_once_and_confirmed_each_time(owner: Owner) -> None:
    new = secrets.token_bytes(32)
    for _ in range(2):  # the answer may have been lost
        assert await owner.ask(owner.request(new), owner.id) == STORED
    assert await owner.newest() == (2, new)
    assert owner.road.sent == [(owner.id, command_taken(new, owner.id, 2))] * 2
    async with owner.database.transaction() as tx:
        assert (await devices.standing(tx, owner.id, 1)).key_status == "retired"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("another's key before", Refusal.MALFORMED),
        ("jump", Refusal.CONFLICT),
        ("another key", Refusal.CONFLICT),
        ("older", Refusal.CONFLICT),
        ("foreign connection", Refusal.FOREIGN),
        ("foreign header", Refusal.MALFORMED),
        ("short", Refusal.MALFORMED),
        ("unknown", Refusal.UNKNOWN_DEVICE),
        ("revoked", Refusal.REVOKED),
        ("revoked epoch", Refusal.REVOKED),
    ],
)
async def test_refusals_change_nothing_and_are_kept(
    case: str, reason: Refusal, owner: Owner
) -> None:
    new, other = secrets.token_bytes(32), secrets.token_bytes(32)
    payload, identity = owner.request(new), owner.id
    if case == "another's key before":
        payload = owner.request(new, before=other)
    elif case == "jump":
        payload = owner.request(new, epoch=3)
    elif case in ("another key", "older"):
        await owner.ask(owner.request(new), owner.id)
        payload = owner.request(other, epoch=2 if case == "another key" else 1)
    elif case == "foreign connection":
        identity = uuid4()
    elif case == "short":
        payload = payload[:-1]
    elif case in ("foreign header", "unknown"):
        owner.id = uuid4()
        identity = owner.id
        payload = payload if case == "foreign header" else owner.request(new)
    elif case.startswith("revoked"):
        async with owner.database.transaction() as tx:
            if case == "revoked":
                await devices.set_status(tx, owner.id, "revoked")
            else:
                await devices.revoke_key(tx, owner.id, 1)
    told = len(owner.road.sent)
    outcome = await owner.ask(payload, identity)
    assert outcome.refusal is reason, outcome
    assert len(owner.road.sent) == told
    async with owner.database.transaction() as tx:
        [kept] = await quarantine.listing(tx, 10)
    assert (kept.reason, kept.frame) == (str(reason), payload)


async def test_what_an_operator_wants_is_asked_for_until_it_is_there(owner: Owner) -> None:
    async with owner.database.transaction() as tx:
        await fleet.ask_rotation(tx, owner.id, datetime.now(UTC))
    road = Road()
    asking = asyncio.create_task(ask_for_keys(owner.database, owner.vault, road.command))
    try:
        await road.arrived.wait()
    finally:
        asking.cancel()
    assert road.sent == [(owner.id, command_to_rotate(owner.key, owner.id, 1))]
    await owner.ask(owner.request(secrets.token_bytes(32)), owner.id)
    async with owner.database.transaction() as tx:
        assert await fleet.to_rotate(tx) == []


async def test_a_device_is_asked_once_it_has_come(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.rotation.LOOK_S", 0.05)
    async with owner.database.transaction() as tx:
        await fleet.ask_rotation(tx, owner.id, datetime.now(UTC))
    road, here = Road(), set[UUID]()
    asking = asyncio.create_task(
        ask_for_keys(owner.database, owner.vault, road.command, lambda: here)
    )
    try:
        await asyncio.sleep(0.3)
        assert road.sent == []
        for times in (1, 2):  # comes, goes, and is asked anew as soon as it is back
            here.add(owner.id)
            await road.arrived.wait()
            await asyncio.sleep(0.3)
            assert len(road.sent) == times
            here.clear()
            road.arrived.clear()
            await asyncio.sleep(0.3)
    finally:
        asking.cancel()


async def test_a_device_that_cannot_be_asked_is_in_nobodys_way(owner: Owner) -> None:
    ends, spoilt = [Owner(owner.database, owner.vault, owner.service) for _ in range(2)]
    # Asked in the order of their ids: those that fail come first.
    ends.id, spoilt.id, owner.id = sorted([ends.id, spoilt.id, uuid4()])
    await spoilt.enrol()
    await owner.enrol()
    async with owner.database.transaction() as tx:
        await devices.hold(tx, ends.id)
        await devices.set_status(tx, ends.id, "active")
        wrapped = await owner.vault.wrap(device_key_name(ends.id, MAX_EPOCH), ends.key)
        await devices.add_key(tx, ends.id, MAX_EPOCH, wrapped)
        await devices.add_key(tx, spoilt.id, 2, b"not wrapped here")
        for each in (ends, spoilt, owner):
            await fleet.ask_rotation(tx, each.id, datetime.now(UTC))
    road = Road()
    asking = asyncio.create_task(ask_for_keys(owner.database, owner.vault, road.command))
    arriving = asyncio.create_task(road.arrived.wait())
    await asyncio.wait((asking, arriving), return_when=asyncio.FIRST_COMPLETED)
    assert not asking.done()
    asking.cancel()
    assert road.sent == [(owner.id, command_to_rotate(owner.key, owner.id, 1))]


async def test_a_key_that_was_taken_is_confirmed_after_the_one_before_it_is_revoked(
    owner: Owner,
) -> None:
    new = secrets.token_bytes(32)
    await owner.ask(owner.request(new), owner.id)  # its answer is lost
    async with owner.database.transaction() as tx:
        await devices.revoke_key(tx, owner.id, 1)
    assert await owner.ask(owner.request(new), owner.id) == STORED
    assert owner.road.sent[1:] == [(owner.id, command_taken(new, owner.id, 2))]
    other = owner.request(secrets.token_bytes(32))
    assert (await owner.ask(other, owner.id)).refusal is Refusal.REVOKED
    assert await owner.newest() == (2, new)


class Away(LocalVault):
    """A vault that does not answer."""

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        raise Unavailable("the vault does not answer")


async def test_a_vault_that_is_away_holds_nothing_up(owner: Owner, tmp_path: Path) -> None:
    desk = KeyDesk(owner.database, Away(tmp_path / "other.key"), owner.service, 10)
    payload = owner.request(secrets.token_bytes(32))
    outcome = await desk.submit(Frame(key_topic(owner.id), payload, owner.id))
    assert outcome.refusal is Refusal.AWAY
    async with owner.database.transaction() as tx:
        assert await quarantine.count(tx) == 0
    assert (await owner.newest())[0] == 1


class Sink:
    def __init__(self) -> None:
        self.topics: list[str] = []

    async def submit(self, frame: Frame) -> Outcome:
        self.topics.append(frame.topic)
        return STORED


async def test_each_topic_goes_its_way() -> None:
    chunks, keys = Sink(), Sink()
    device = uuid4()
    sink = ByTopic(chunks, keys)
    for topic in (chunk_topic(device), key_topic(device), "ecg/v1/x/key"):
        await sink.submit(Frame(topic, b""))
    assert chunks.topics == [chunk_topic(device), "ecg/v1/x/key"]
    assert keys.topics == [key_topic(device)]
