"""A device that enrols by a claim waits for its operator; then it is let in, with a certificate."""

import secrets
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.authority import device_of
from core.enrolment import key_confirmation, seal_device_key
from core.errors import NotFound, TooBusy
from core.local_vault import LocalVault
from fhir.values import Json
from hisbundle import devices as operator
from ingest.enrol import load_authority
from store import approvals, certificates, devices
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import Client
from tests.api.test_enrolment import PATIENT
from tests.core.test_authority import request as signing_request

KEY = b"k" * 32
CSR = b64encode(signing_request(ec.generate_private_key(ec.SECP256R1()))).decode()


class Claimant:
    """A device fresh from the factory; ``client`` bears the claim that it came with."""

    def __init__(self, client: Client) -> None:
        self.client, self.id, self.key = client, uuid4(), secrets.token_bytes(32)

    async def ask(self, status: int, epoch: int = 1, **more: object) -> Json:
        point = b64decode((await self.client.get("/enrolment/key")).json()["public_key"])
        sealed = b64encode(seal_device_key(self.key, self.id, epoch, point)).decode()
        sent = {"device_id": str(self.id), "key_epoch": epoch, "sealed_key": sealed, "csr": CSR}
        answer = await self.client.send("POST", "/enrolment", status, json=sent | more)
        told: Json = answer.json()
        return told


@pytest.fixture
def claimant(with_scopes: Scoped) -> Claimant:
    return Claimant(with_scopes("hisbundle/claim"))


async def _status(database: Database, device_id: UUID) -> str | None:
    async with database.transaction() as tx:
        found = await devices.find(tx, device_id)
    return found.status if found else None


async def test_it_waits_and_is_then_let_in(
    claimant: Claimant, database: Database, client: Client, vault: LocalVault
) -> None:
    told = await claimant.ask(202)
    assert set(told) == {"status", "code", "expires_at", "key_confirmation", "device"}
    assert b64decode(told["key_confirmation"]) == key_confirmation(claimant.key, claimant.id, 1)
    assert (await client.get(told["device"])).json()["status"] == "inactive"
    async with database.transaction() as tx:
        assert await devices.wrapped_key(tx, claimant.id, 1) is None, "opens nothing yet"
    assert (await claimant.ask(202))["code"] == told["code"], "it asks until it is let in"
    spoken = f"{told['code'][:4]}-{told['code'][4:]}".lower()
    assert await operator.approve(database, spoken, None, datetime.now(UTC)) == claimant.id
    assert await _status(database, claimant.id) == "active"
    assert (await client.get(told["device"])).json()["status"] == "active"
    with pytest.raises(NotFound):  # one time
        await operator.approve(database, spoken, None, datetime.now(UTC))
    answer = await claimant.ask(201)
    await _is_certified(database, vault, claimant.id, answer)
    renewed = await claimant.ask(201)
    assert renewed["certificate_pem"] != answer["certificate_pem"]


async def _is_certified(
    database: Database, vault: LocalVault, device_id: UUID, answer: Json
) -> None:
    """It logs in, and its certificate is ours, counts, and is on the list once revoked."""
    certificate = x509.load_pem_x509_certificate(answer["certificate_pem"].encode())
    authority = await load_authority(database, vault)
    certificate.verify_directly_issued_by(authority.certificate)
    assert device_of(certificate) == device_id
    serial, now = f"{certificate.serial_number:x}", datetime.now(UTC)
    async with database.transaction() as tx:
        assert await devices.mqtt_login(tx, device_id, answer["mqtt_password"].encode())
        assert await certificates.holder(tx, serial, now) == device_id
        assert await certificates.holder(tx, serial, now + timedelta(days=400)) is None
        assert await certificates.revoked(tx, now) == []
        async with tx.begin_nested() as undone:
            await operator.revoke(tx, device_id, now)
            assert await certificates.holder(tx, serial, now) is None
            (listed,) = await certificates.revoked(tx, now)
            assert listed.serial == serial
            assert await certificates.revoked(tx, now + timedelta(days=400)) == []
            await undone.rollback()


async def test_a_claim_changes_nothing_of_a_device_that_is_approved(
    claimant: Claimant, database: Database
) -> None:
    told = await claimant.ask(202)
    await operator.approve(database, told["code"], None, datetime.now(UTC))
    right, claimant.key = claimant.key, secrets.token_bytes(32)
    await claimant.ask(409)
    await claimant.ask(403, epoch=2)
    claimant.key = right
    await claimant.ask(201)
    async with database.transaction() as tx:
        await operator.revoke(tx, claimant.id, datetime.now(UTC))
    await claimant.ask(403)


async def test_a_claim_gives_a_device_to_nobody(claimant: Claimant, client: Client) -> None:
    await claimant.ask(400, patient=PATIENT)
    await claimant.ask(400, csr="AAAA")  # at once, not when an operator has approved it
    await claimant.ask(202, csr=None)
    await client.get(f"Device/{claimant.id}")
    await claimant.client.get(f"Device/{claimant.id}", 403)


async def test_the_key_of_an_earlier_claim_counts_no_more(
    claimant: Claimant, database: Database
) -> None:
    first = await claimant.ask(202)
    claimant.key = secrets.token_bytes(32)
    second = await claimant.ask(202, epoch=2)
    with pytest.raises(NotFound):
        await operator.approve(database, first["code"], None, datetime.now(UTC))
    await operator.approve(database, second["code"], None, datetime.now(UTC))
    async with database.transaction() as tx:
        assert await devices.wrapped_key(tx, claimant.id, 1) is None
        assert await devices.wrapped_key(tx, claimant.id, 2) is not None


async def test_it_is_approved_for_a_patient(
    claimant: Claimant, client: Client, database: Database
) -> None:
    other = Claimant(client)
    patient = (await other.ask(201, patient=PATIENT))["patient"]
    told = await claimant.ask(202)
    with pytest.raises(NotFound, match="no Patient"):
        await operator.approve(database, told["code"], "nobody", datetime.now(UTC))
    assert await _status(database, claimant.id) == "pending", "the code still counts"
    bare = patient.removeprefix("Patient/")
    await operator.approve(database, told["code"], bare, datetime.now(UTC))
    stored = (await client.get(told["device"])).json()
    assert (stored["status"], stored["patient"]["reference"]) == ("active", patient)


async def test_an_administrator_needs_no_code(claimant: Claimant, client: Client) -> None:
    told = await claimant.ask(202)
    claimant.client = client
    answer = await claimant.ask(201, patient=PATIENT)
    assert (await client.get(told["device"])).json()["patient"]["reference"] == answer["patient"]
    await claimant.ask(400)  # without a patient
    await claimant.ask(400, patient=PATIENT, csr="AAAA")


async def test_codes_are_few_tries_and_a_short_life(database: Database) -> None:
    device_id, now = uuid4(), datetime.now(UTC)
    async with database.transaction() as tx:
        await devices.hold(tx, device_id)
        await devices.set_status(tx, device_id, "pending")
        code, ends = await approvals.ask(tx, device_id, KEY, now)
        assert await approvals.confirm(tx, code, ends) is None
        for _ in range(approvals.TRIES_MAX):
            assert await approvals.confirm(tx, "0", now) is None
        assert await approvals.confirm(tx, code, now) is None
        later = now + timedelta(seconds=1)
        fresh, _ = await approvals.ask(tx, device_id, KEY, later)
        assert fresh != code
        other, _ = await approvals.ask(tx, device_id, bytes(32), later)
        assert await approvals.confirm(tx, fresh, later) is None, "the device has another key"
        assert await approvals.confirm(tx, other, later) == device_id


async def test_only_so_many_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "WAITING_MAX", 1)
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        first, second = [(await devices.hold(tx, uuid4())).id for _ in range(2)]
        await approvals.ask(tx, first, KEY, now)
        await approvals.ask(tx, first, KEY, now)
        with pytest.raises(TooBusy):
            await approvals.ask(tx, second, KEY, now)
        await approvals.ask(tx, second, KEY, now + approvals.CODE_LIFE)
