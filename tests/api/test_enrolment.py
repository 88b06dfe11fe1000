import secrets
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.enrolment import key_confirmation, seal_device_key
from core.keyring import KeyRing
from fhir.values import Json
from store import devices, wearing
from store.database import Database
from tests.api.support import Client

MRN = {"system": "urn:oid:1.2.36.146", "value": "MRN-1"}
PATIENT = {
    "resourceType": "Patient",
    "identifier": [MRN],
    "name": [{"family": "Doe", "given": ["Jane"]}],
    "gender": "female",
}


async def _request(
    client: Client, device: UUID, key: bytes, epoch: int = 1, **changes: Any
) -> Json:
    told = (await client.get("/enrolment/key")).json()
    sealed = seal_device_key(key, device, epoch, b64decode(told["public_key"]))
    return {
        "device_id": str(device),
        "key_epoch": epoch,
        "sealed_key": b64encode(sealed).decode(),
        "patient": PATIENT,
    } | changes


async def _enrol(client: Client, request: Json, status: int = 201) -> Json:
    answer: Json = (await client.send("POST", "/enrolment", status, json=request)).json()
    return answer


async def test_where_to_publish(client: Client) -> None:
    told = (await client.get("/enrolment/key")).json()
    assert told["kem"] == "P-256"
    assert told["mqtt"] == {"host": "127.0.0.1", "port": 8883, "tls": True, "ca_pem": None}


async def test_a_device_and_its_patient(client: Client, database: Database) -> None:
    device, key = uuid4(), secrets.token_bytes(32)
    answer = await _enrol(client, await _request(client, device, key))
    assert answer["mqtt_username"] == str(device)
    assert b64decode(answer["key_confirmation"]) == key_confirmation(key, device, 1)
    async with database.transaction() as tx:
        assert await devices.mqtt_login(tx, device, answer["mqtt_password"].encode())
        worn = await wearing.worn_at(tx, device, datetime.now(UTC))
    patient = (await client.get(answer["patient"])).json()
    assert worn is not None
    assert answer["patient"] == f"Patient/{worn.patient_id}"
    assert patient["name"][0]["family"] == "Doe"
    stored = (await client.get(answer["device"])).json()
    assert stored["patient"]["reference"] == answer["patient"]
    assert await client.ids(f"Device?patient={worn.patient_id}") == [str(device)]
    found = await client.ids(f"Patient?identifier={MRN['system']}|{MRN['value']}")
    assert found == [worn.patient_id]


async def test_again_is_the_same_patient_and_a_new_password(client: Client) -> None:
    device, key = uuid4(), secrets.token_bytes(32)
    first = await _enrol(client, await _request(client, device, key))
    more = PATIENT | {"identifier": [{"system": "urn:other", "value": "7"}, MRN]}
    again = await _enrol(client, await _request(client, device, key, patient=more))
    assert again["patient"] == first["patient"]
    assert again["mqtt_password"] != first["mqtt_password"]
    other = await _enrol(client, await _request(client, uuid4(), key))
    assert other["patient"] == first["patient"]
    assert len((await client.get("Patient")).json()["entry"]) == 1


async def test_identifiers_of_two_patients_conflict(client: Client) -> None:
    other = {"system": "urn:other", "value": "7"}
    key = secrets.token_bytes(32)
    await _enrol(client, await _request(client, uuid4(), key))
    await _enrol(
        client, await _request(client, uuid4(), key, patient=PATIENT | {"identifier": [other]})
    )
    both = PATIENT | {"identifier": [MRN, other]}
    device = uuid4()
    await _enrol(client, await _request(client, device, key, patient=both), 409)
    await client.get(f"Device/{device}", 404)  # nothing of it was kept


async def test_another_key_under_the_same_epoch_conflicts(client: Client) -> None:
    device = uuid4()
    await _enrol(client, await _request(client, device, secrets.token_bytes(32)))
    await _enrol(client, await _request(client, device, secrets.token_bytes(32)), 409)
    await _enrol(client, await _request(client, device, secrets.token_bytes(32), 2))


async def test_an_unknown_key_is_known_right_after(client: Client, keyring: KeyRing) -> None:
    device, key = uuid4(), secrets.token_bytes(32)
    with pytest.raises(Exception, match="no key"):
        await keyring.session(device, 1, bytes(16))
    await _enrol(client, await _request(client, device, key))
    await keyring.session(device, 1, bytes(16))


REFUSED: list[Json] = [
    {"device_id": "me"},
    {"key_epoch": -1},
    {"key_epoch": 2**32},
    {"key_epoch": "1"},
    {"sealed_key": "!"},
    {"sealed_key": "é"},
    {"sealed_key": b64encode(bytes(113)).decode()},
    {"sealed_key": "A" * 2000},
    {"patient": {"resourceType": "Patient"}},
    {"patient": {"resourceType": "Device"}},
    {"patient": PATIENT | {"gender": "f"}},
    {"patient": PATIENT | {"name": [{"family": "a\x00b"}]}},
    {"patient": []},
    {"more": 1},
]


async def test_what_is_refused(client: Client) -> None:
    request = await _request(client, uuid4(), secrets.token_bytes(32))
    for changes in REFUSED:
        await _enrol(client, request | changes, 400)


async def test_forms_of_the_body(client: Client) -> None:
    await client.send("POST", "/enrolment", 415, content=b"{}")
    headers = {"Content-Type": "application/json"}
    for content in (b"", b"[]", b"{", b"\xff", b'{"device_id": "\\ud800"}'):
        await client.send("POST", "/enrolment", 400, content=content, headers=headers)
    await client.send("POST", "/enrolment", 413, content=b" " * 70_000, headers=headers)
