"""A client whose every FHIR answer is checked for conformance, and resources to store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from core.json_text import dumps
from fhir.codes import (
    ECG_POTENTIAL,
    EKG_STUDY,
    HEART_RATE,
    MILLIVOLT,
    PER_MINUTE,
    PROCEDURE,
    VITAL_SIGNS,
    concept,
)
from fhir.media import Form
from fhir.search.indexing import draft
from fhir.values import Json, instant, quantity, reference
from fhir.xml.reader import from_xml
from store.database import Database
from store.resources import Stored, put_many
from tests.conformance.checker import conformant

BASE = "http://ecg.test/fhir"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MDC = "urn:iso:std:iso:11073:10101"
LOINC = "http://loinc.org"


class Client:
    """GET and POST with a bearer token against an ASGI application."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, status: int = 200, **options: Any) -> httpx.Response:
        """The answer to a GET; ``path`` is below the FHIR base, or absolute."""
        return await self.send("GET", path, status, **options)

    async def send(self, method: str, path: str, status: int, **options: Any) -> httpx.Response:
        url = path if path.startswith(("http", "/")) else f"{BASE}/{path}"
        answer = await self.http.request(method, url, **options)
        checked(answer)
        assert answer.status_code == status, answer.text
        return answer

    async def ids(self, path: str, **options: Any) -> list[str]:
        """The ids that one page of a search gives, in order."""
        return ids((await self.get(path, **options)).json())

    async def pages(self, path: str) -> list[list[str]]:
        """The ids of all pages of a search."""
        found: list[list[str]] = []
        url: str | None = path
        while url is not None:
            bundle = (await self.get(url)).json()
            found.append(ids(bundle))
            url = link(bundle, "next")
            assert url is None or url.startswith(BASE)
        return found


def connected(app: FastAPI, token: str) -> Client:
    """A client of an application in process that bears ``token``; close its ``http`` at the end."""
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    return Client(
        httpx.AsyncClient(transport=transport, base_url="http://ecg.test", headers=headers)
    )


def checked(answer: httpx.Response) -> None:
    """Assert that an answer with a FHIR body is valid FHIR, and an error an OperationOutcome."""
    if answer.status_code == 304 or answer.request.method == "HEAD":
        return
    type_ = answer.headers.get("content-type", "")
    told = from_xml(answer.content) if "fhir+xml" in type_ else None
    if type_.startswith(("application/fhir+json", "application/fhir+xml")):
        conformant(answer.content if told is None else dumps(told))
        assert "Accept" in answer.headers["vary"].split(", ")
    if answer.status_code >= 400 and urlsplit(str(answer.request.url)).path != "/health":
        assert type_ in {form.value for form in Form}
        assert (told or answer.json())["resourceType"] == "OperationOutcome"


def ids(bundle: Json) -> list[str]:
    return [
        entry["resource"]["id"]
        for entry in bundle.get("entry", [])
        if entry.get("search", {}).get("mode") != "outcome"
    ]


def link(bundle: Json, relation: str) -> str | None:
    return next((x["url"] for x in bundle["link"] if x["relation"] == relation), None)


async def store(database: Database, *bodies: Json) -> list[Stored]:
    async with database.transaction() as tx:
        return await put_many(tx, [draft(body) for body in bodies])


def patient(id_: str, **more: Any) -> Json:
    identifier = [{"system": "urn:oid:1.2.36.146", "value": f"MRN-{id_}"}]
    return {"resourceType": "Patient", "id": id_, "identifier": identifier} | more


def heart_rate(id_: str, person: str = "p1", minute: float = 0, value: float = 72) -> Json:
    return _observation(
        id_,
        person,
        category=[concept(VITAL_SIGNS)],
        code=concept(HEART_RATE),
        effectiveDateTime=instant(START + timedelta(minutes=minute)),
        valueQuantity=quantity(value, PER_MINUTE, 1),
    )


def strip(id_: str, person: str = "p1", minute: float = 0, n_samples: int = 1496) -> Json:
    start = START + timedelta(minutes=minute)
    end = start + timedelta(milliseconds=8 * (n_samples - 1))
    return _observation(
        id_,
        person,
        category=[concept(PROCEDURE)],
        code=concept(ECG_POTENTIAL, EKG_STUDY),
        effectivePeriod={"start": instant(start), "end": instant(end)},
        component=[
            {
                "code": concept(ECG_POTENTIAL),
                "valueSampledData": {
                    "origin": quantity(0, MILLIVOLT, 0),
                    "period": 8,
                    "dimensions": 1,
                },
            }
        ],
    )


def flag(id_: str, person: str, status: str, start: str, end: str | None = None) -> Json:
    period = {"start": start} | ({"end": end} if end else {})
    return {
        "resourceType": "Flag",
        "id": id_,
        "status": status,
        "code": {"text": "tachycardia"},
        "subject": reference("Patient", person),
        "period": period,
    }


def _observation(id_: str, person: str, **elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": id_,
        "identifier": [{"system": "urn:test", "value": id_}],
        "status": "final",
        "subject": reference("Patient", person),
        "device": reference("Device", "d1"),
    } | elements


def flatten(pages: Sequence[Sequence[str]]) -> list[str]:
    return [name for page in pages for name in page]
