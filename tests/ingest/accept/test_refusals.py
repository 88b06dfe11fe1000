"""Every reason for refusing a frame; what is kept aside; and that nobody else suffers."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from core.chunk import ChunkHeader, SessionCipher
from core.local_vault import LocalVault
from core.topics import chunk_topic
from ingest.frames import STORED, Frame, Refusal
from store import devices
from store.database import Database
from tests.devices import Device, enrol_directly, flat_body
from tests.ingest.accept.gateway import Gateway, aside, flip

Make = Callable[[Device, Device], Frame]
REFUSED: dict[str, tuple[Refusal, Make]] = {
    "short": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, a.chunk(0)[:-1])),
    "empty": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, b"")),
    "huge": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, bytes(200_000))),
    "magic": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, flip(a.chunk(0), 0))),
    "version": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, flip(a.chunk(0), 2))),
    "suite": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, flip(a.chunk(0), 3))),
    "sequence beyond BIGINT": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, a.chunk(2**63))),
    "no chunk topic": (Refusal.WRONG_TOPIC, lambda a, b: Frame("ecg/v1/x\0/chunk", a.chunk(0))),
    "another's topic": (Refusal.WRONG_TOPIC, lambda a, b: Frame(b.topic, a.chunk(0))),
    "another's login": (Refusal.FOREIGN, lambda a, b: Frame(a.topic, a.chunk(0), b.id)),
    "unknown device": (
        Refusal.UNKNOWN_DEVICE,
        lambda a, b: Frame((c := Device()).topic, c.chunk(0)),
    ),
    "unknown epoch": (
        Refusal.UNKNOWN_KEY,
        lambda a, b: Frame(a.topic, Device(a.id, a.key, 7).chunk(0)),
    ),
    "another's key": (
        Refusal.BAD_TAG,
        lambda a, b: Frame(a.topic, Device(a.id, b.key).chunk(0)),
    ),
    "corrupt sequence": (Refusal.BAD_TAG, lambda a, b: Frame(a.topic, flip(a.chunk(0), 47))),
    "corrupt body": (Refusal.BAD_TAG, lambda a, b: Frame(a.topic, flip(a.chunk(0), 100))),
    "corrupt tag": (Refusal.BAD_TAG, lambda a, b: Frame(a.topic, flip(a.chunk(0), 461))),
    "impossible body": (Refusal.MALFORMED, lambda a, b: Frame(a.topic, _impossible(a))),
}


def _impossible(device: Device) -> bytes:
    """Rightly sealed, but its rate is zero."""
    body = flat_body(0)
    object.__setattr__(body, "rate_centihz", 0)
    header = ChunkHeader(device.id, device.epoch, device.session_id, 0)
    cipher = SessionCipher(device.key, device.id, device.epoch, device.session_id)
    return bytes(cipher.seal(header, body))


async def test_a_revoked_device_is_refused_as_such_whatever_it_sends(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    await gateway.send(worn, 1)  # so that its key is at hand
    async with database.transaction() as tx:
        await devices.set_status(tx, worn.id, "revoked")
    for frame in (worn.chunk(2), flip(worn.chunk(2), 100), _impossible(worn)):
        (outcome,) = await gateway.send_frames(Frame(worn.topic, frame))
        assert outcome.refusal is Refusal.REVOKED


async def test_a_device_that_waits_for_approval_is_told_so_and_may_send_it_again(
    gateway: Gateway, worn: Device, database: Database
) -> None:
    async with database.transaction() as tx:
        await devices.set_status(tx, worn.id, "pending")
    (outcome,) = await gateway.send_frames(Frame(worn.topic, worn.chunk(0)))
    assert outcome.refusal is Refusal.NOT_APPROVED
    async with database.transaction() as tx:
        await devices.set_status(tx, worn.id, "active")
    async with asyncio.timeout(10):  # an unknown key is unknown for a second
        while await gateway.send(worn, 0) != [STORED]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(("reason", "make"), REFUSED.values(), ids=REFUSED)
async def test_refusal(
    gateway: Gateway,
    worn: Device,
    database: Database,
    vault: LocalVault,
    reason: Refusal,
    make: Make,
) -> None:
    other = await enrol_directly(database, vault, Device())
    frame = make(worn, other)
    [outcome] = await gateway.send_frames(frame)
    assert outcome.refusal is reason
    [kept] = await aside(database)
    assert (kept.reason, kept.frame) == (reason.value, frame.payload[:4096])
    assert gateway.heard == []
    assert await gateway.send(worn, 0) == [STORED], "never in the way of the next chunk"


async def test_refused_frames_stand_under_their_sender(
    gateway: Gateway, worn: Device, database: Database, vault: LocalVault
) -> None:
    other = await enrol_directly(database, vault, Device())
    await gateway.send_frames(Frame(worn.topic, worn.chunk(0), other.id))
    await gateway.send_frames(Frame(chunk_topic(uuid4()), worn.chunk(0)))
    assert [kept.device_id for kept in await aside(database)] == [None, other.id]


async def test_poison_in_a_batch_harms_nobody(
    gateway: Gateway, worn: Device, database: Database, vault: LocalVault
) -> None:
    other = await enrol_directly(database, vault, Device())
    frames: list[Frame] = []
    for seq, (_, make) in enumerate(REFUSED.values()):
        frames += [Frame(worn.topic, worn.chunk(seq)), make(other, worn)]
    outcomes = await gateway.send_frames(*frames)
    assert outcomes[::2] == [STORED] * len(REFUSED)
    assert [o.refusal for o in outcomes[1::2]] == [reason for reason, _ in REFUSED.values()]
    assert (await gateway.last_ack(worn)).watermark == len(REFUSED)


async def test_quarantine_is_bounded(gateway: Gateway, worn: Device, database: Database) -> None:
    for n in range(12):
        await gateway.send_frames(Frame(worn.topic, b"%d" % n))
        await gateway.send_frames(Frame(chunk_topic(uuid4()), b"%d" % n))
    kept = await aside(database)
    assert [k.frame for k in kept if k.device_id == worn.id] == [b"11", b"10", b"9", b"8", b"7"]
    assert len([k for k in kept if k.device_id is None]) == 5
