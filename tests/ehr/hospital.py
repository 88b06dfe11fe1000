"""A running service with a registered EHR, a patient, 10,000 heart rates, and a busy writer."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

from api.smart.assertion import TYPE
from fhir.codes import HEART_RATE, PER_MINUTE, VITAL_SIGNS, concept
from fhir.values import Json, instant, quantity, reference
from tests.journey.stack import Service

OBSERVATIONS = 10_000
PER_BUNDLE = 500
WRITTEN_PER_S = 100
MRN = ("urn:oid:1.2.36.146.595.217.0.1", "MRN-8867")
START = datetime(2026, 3, 1, tzinfo=UTC)
SCOPES = ("system/*.cruds",)


@dataclass
class Hospital:
    """The FHIR base of ``service``, and what the EHR's day must find there."""

    service: Service
    client_id: str
    key: ECKey
    seeded: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"{self.service.url}/fhir"

    async def token(self) -> str:
        """An access token, as SMART Backend Services hands it out."""
        url, now = f"{self.service.url}/auth/token", int(time.time())
        header = {"alg": "ES384", "kid": "day", "typ": "JWT"}
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": url, "exp": now + 240,
            "jti": uuid4().hex,
        }  # fmt: skip
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": jwt.encode(header, claims, self.key, algorithms=["ES384"]),
            "scope": " ".join(SCOPES),
        }
        async with httpx.AsyncClient() as http:
            answer = await http.post(url, data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def heart_rate(name: str, at: datetime, value: float) -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [concept(VITAL_SIGNS)],
        "code": concept(HEART_RATE),
        "subject": reference("Patient", "day"),
        "effectiveDateTime": instant(at),
        "valueQuantity": quantity(value, PER_MINUTE, 1),
    }


def put(body: Json) -> Json:
    url = f"{body['resourceType']}/{body['id']}"
    return {"resource": body, "request": {"method": "PUT", "url": url}}


def bundle(kind: str, entries: Sequence[Json]) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "day",
    "identifier": [{"system": MRN[0], "value": MRN[1]}],
    "name": [{"family": "Purkyně", "given": ["Jana"]}],
    "birthDate": "1958-07-04",
    "gender": "female",
}


async def open_hospital(service: Service) -> Hospital:
    """Register an EHR with a running service, and let it bring in the patient's past."""
    key = ECKey.generate_key("P-384", private=True)
    hospital = Hospital(service, await asyncio.to_thread(_register, service, key), key)
    headers = {"Authorization": f"Bearer {await hospital.token()}", "Prefer": "return=minimal"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        await _post(http, hospital.base, bundle("transaction", [put(PATIENT)]))
        for first in range(0, OBSERVATIONS, PER_BUNDLE):
            numbers = range(first, first + PER_BUNDLE)
            rates = [
                heart_rate(f"hr-{n:05}", START + timedelta(minutes=n), 60 + n % 40) for n in numbers
            ]
            await _post(http, hospital.base, bundle("transaction", [put(rate) for rate in rates]))
            hospital.seeded += [str(rate["id"]) for rate in rates]
    return hospital


def _register(service: Service, key: ECKey) -> str:
    jwks = service.data_dir / "ehr-jwks.json"
    jwks.write_bytes(orjson.dumps({"keys": [key.as_dict(private=False) | {"kid": "day"}]}))
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    place = ["--jwks-file", str(jwks), "--data-dir", str(service.data_dir)]
    command = [sys.executable, "-m", "hisbundle", "client", "add", "EHR", *scopes, *place]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


async def _post(http: httpx.AsyncClient, base: str, sent: Json) -> None:
    answer = await http.post(base, json=sent)
    assert answer.status_code == 200, answer.text[:2000]
    statuses = {entry["response"]["status"][:3] for entry in answer.json()["entry"]}
    assert statuses <= {"200", "201"}, statuses


@asynccontextmanager
async def being_written(hospital: Hospital) -> AsyncIterator[None]:
    """Meanwhile a device gateway writes 100 heart rates a second, of any time of the past."""
    stop = asyncio.Event()
    writing = asyncio.create_task(_write(hospital, await hospital.token(), stop))
    try:
        yield
    finally:
        stop.set()
        await writing


async def _write(hospital: Hospital, token: str, stop: asyncio.Event) -> None:
    chance = random.Random(5)
    headers = {"Authorization": f"Bearer {token}", "Prefer": "return=minimal"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        began, turn = time.monotonic(), 0
        while not stop.is_set():
            names = [f"new-{len(hospital.written) + n:06}" for n in range(WRITTEN_PER_S // 10)]
            times = [START + timedelta(minutes=chance.uniform(0, OBSERVATIONS - 1)) for _ in names]
            rates = [heart_rate(name, at, 70) for name, at in zip(names, times, strict=True)]
            hospital.written += names
            await _post(http, hospital.base, bundle("batch", [put(rate) for rate in rates]))
            turn += 1
            await asyncio.sleep(max(0.0, began + turn / 10 - time.monotonic()))


def data_folder(parent: Path) -> Path:
    return parent / f"ehr-{uuid4().hex[:6]}"
