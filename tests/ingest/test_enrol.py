"""Enrolment: a key that only the device and the service know, and a login."""

import asyncio
import json
import secrets
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from core.enrolment import SEALED_KEY_BYTES, key_confirmation, public_point, seal_device_key
from core.errors import Conflict, Forbidden, Incorrect, Unavailable
from core.keys import KeyName, device_key_name
from core.local_vault import LocalVault
from ingest.enrol import EnrolmentAnswer, EnrolmentKey, EnrolmentRequest, enrol, load_enrolment_key
from store import devices
from store.database import Database

VECTOR = json.loads((Path(__file__).parents[1] / "vectors/enrolment.json").read_text())


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master.key")


@pytest.fixture
async def service(database: Database, vault: LocalVault) -> EnrolmentKey:
    return await load_enrolment_key(database, vault)


class Newcomer:
    """A device that has made its key."""

    def __init__(self, service: EnrolmentKey) -> None:
        self.id = uuid4()
        self.key = secrets.token_bytes(32)
        self.point = service.public_point

    def request(self, epoch: int = 1) -> EnrolmentRequest:
        sealed = seal_device_key(self.key, self.id, epoch, self.point)
        return EnrolmentRequest(self.id, epoch, sealed)


@pytest.fixture
def newcomer(service: EnrolmentKey) -> Newcomer:
    return Newcomer(service)


async def _enrol(
    database: Database, vault: LocalVault, service: EnrolmentKey, request: EnrolmentRequest
) -> EnrolmentAnswer:
    async with database.transaction() as tx:
        return await enrol(tx, vault, service, request)


async def _may_log_in(database: Database, device_id: UUID, password: str) -> bool:
    async with database.transaction() as tx:
        return await devices.mqtt_login(tx, device_id, password.encode())


async def test_enrolment(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    answer = await _enrol(database, vault, service, newcomer.request())
    assert answer.key_confirmation == key_confirmation(newcomer.key, newcomer.id, 1)
    assert await _may_log_in(database, newcomer.id, answer.mqtt_password)
    assert answer.mqtt_password not in repr(answer)
    async with database.transaction() as tx:
        wrapped = await devices.wrapped_key(tx, newcomer.id, 1)
    assert wrapped is not None and newcomer.key not in wrapped
    assert await vault.unwrap(device_key_name(newcomer.id, 1), wrapped) == newcomer.key


async def test_same_key_again_gives_a_new_password(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    one = await _enrol(database, vault, service, newcomer.request())
    two = await _enrol(database, vault, service, newcomer.request())
    assert one.key_confirmation == two.key_confirmation
    assert not await _may_log_in(database, newcomer.id, one.mqtt_password)
    assert await _may_log_in(database, newcomer.id, two.mqtt_password)


async def test_another_key_under_the_same_epoch_is_a_conflict(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    answer = await _enrol(database, vault, service, newcomer.request())
    newcomer.key = secrets.token_bytes(32)
    with pytest.raises(Conflict):
        await _enrol(database, vault, service, newcomer.request())
    assert await _may_log_in(database, newcomer.id, answer.mqtt_password)


async def test_rotation(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    old = newcomer.request(1)
    await _enrol(database, vault, service, old)
    newcomer.key = secrets.token_bytes(32)
    await _enrol(database, vault, service, newcomer.request(2))
    with pytest.raises(Conflict, match="older"):
        await _enrol(database, vault, service, old)
    async with database.transaction() as tx:
        assert (await devices.standing(tx, newcomer.id, 1)).key_status == "retired"
        assert (await devices.standing(tx, newcomer.id, 2)).key_status == "active"


async def test_revoked_things_stay_revoked(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    await _enrol(database, vault, service, newcomer.request())
    async with database.transaction() as tx:
        await devices.revoke_key(tx, newcomer.id, 1)
    with pytest.raises(Forbidden):
        await _enrol(database, vault, service, newcomer.request())
    async with database.transaction() as tx:
        await devices.set_status(tx, newcomer.id, "revoked")
    with pytest.raises(Forbidden):
        await _enrol(database, vault, service, newcomer.request(2))


async def test_a_sealed_key_enrols_nothing_else(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    good = newcomer.request()
    elsewhere = public_point(ec.generate_private_key(ec.SECP256R1()))
    bad = [
        replace(good, device_id=uuid4()),
        replace(good, key_epoch=2),
        replace(good, key_epoch=2**32),
        replace(good, key_epoch=-1),
        replace(good, sealed_key=b""),
        replace(good, sealed_key=good.sealed_key + b"\0"),
        replace(good, sealed_key=bytes(SEALED_KEY_BYTES)),
        replace(good, sealed_key=seal_device_key(newcomer.key, newcomer.id, 1, elsewhere)),
        replace(good, sealed_key=seal_device_key(bytes(31), newcomer.id, 1, newcomer.point)),
    ]
    for request in bad:
        with pytest.raises(Incorrect):
            await _enrol(database, vault, service, request)
    async with database.transaction() as tx:
        assert await devices.listing(tx, 10) == []


async def test_every_bit_of_the_sealed_key_counts(
    service: EnrolmentKey, newcomer: Newcomer
) -> None:
    good = newcomer.request()
    assert service.open(good) == newcomer.key
    for bit in range(0, 8 * SEALED_KEY_BYTES, 3):
        changed = bytearray(good.sealed_key)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Incorrect):
            service.open(replace(good, sealed_key=bytes(changed)))


async def test_all_processes_agree_on_the_enrolment_key(
    database: Database, vault: LocalVault
) -> None:
    keys = await asyncio.gather(*(load_enrolment_key(database, vault) for _ in range(4)))
    keys.append(await load_enrolment_key(database, vault))
    assert len({key.public_point for key in keys}) == 1
    assert len(keys[0].public_point) == 65


class AwayVault(LocalVault):
    """Cannot be reached."""

    async def wrap(self, name: KeyName, key: bytes) -> bytes:
        raise Unavailable("no route to the vault")


async def test_away_vault_enrols_nobody(
    database: Database, tmp_path: Path, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    with pytest.raises(Unavailable):
        await _enrol(database, AwayVault(tmp_path / "away.key"), service, newcomer.request())
    async with database.transaction() as tx:
        assert await devices.find(tx, newcomer.id) is None


async def test_racing_enrolments_of_one_device(
    database: Database, vault: LocalVault, service: EnrolmentKey, newcomer: Newcomer
) -> None:
    requests = []
    for _ in range(4):
        newcomer.key = secrets.token_bytes(32)
        requests.append(newcomer.request())
    answers = await asyncio.gather(
        *(_enrol(database, vault, service, request) for request in requests),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True, True, True]


def test_no_point_of_the_curve() -> None:
    with pytest.raises(Incorrect):
        seal_device_key(bytes(32), uuid4(), 1, b"\x04" + bytes(64))


def test_confirmation_vector() -> None:
    device_id, epoch = UUID(hex=VECTOR["device_id"]), int(VECTOR["key_epoch"], 16)
    confirmation = key_confirmation(bytes.fromhex(VECTOR["device_key"]), device_id, epoch)
    assert confirmation.hex() == VECTOR["key_confirmation"]
