"""A job from its order to its last line, every line checked for conformance."""

from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from api.bulk.worker import BulkWorker
from fhir.values import Json
from store.database import Database
from tests.api.support import Client
from tests.conformance.checker import conformant

ASYNC = {"Prefer": "respond-async", "Accept": "application/fhir+json"}


@dataclass(frozen=True)
class Done:
    """A finished job: its manifest, and its resources by type, in the files' order."""

    status: str
    manifest: Json
    lines: dict[str, list[Json]]

    def ids(self, type_: str) -> list[str]:
        return [line["id"] for line in self.lines.get(type_, [])]

    @property
    def deleted(self) -> list[str]:
        return [line["entry"][0]["request"]["url"] for line in self.lines.get("deleted", [])]


async def order(client: Client, path: str, **options: Any) -> str:
    """The status address of a new job."""
    method = options.pop("method", "GET")
    answer = await client.send(method, path, 202, headers=ASYNC, **options)
    assert answer.json()["issue"][0]["severity"] == "information"
    return answer.headers["content-location"]


async def work(database: Database, lines: int = 7) -> None:
    """Do all that is to be done, in small files."""
    worker = BulkWorker(database, life_s=60, lines=lines)
    while await worker.turn():
        pass


async def fetch(client: Client, status: str) -> Done:
    """A finished job's output."""
    answer = await client.get(status)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["expires"].endswith("GMT")
    manifest: Json = answer.json()
    lines: dict[str, list[Json]] = {}
    for kind in ("output", "deleted"):
        for file in manifest[kind]:
            found = parsed(await client.get(file["url"]))
            assert len(found) == file["count"]
            assert {line["resourceType"] for line in found} == {file["type"]}
            lines.setdefault(file["type"] if kind == "output" else kind, []).extend(found)
    return Done(status, manifest, lines)


async def export(
    client: Client, database: Database, path: str = "$export", lines: int = 7, **options: Any
) -> Done:
    """Order, work, fetch."""
    status = await order(client, path, **options)
    await work(database, lines)
    return await fetch(client, status)


def parsed(answer: httpx.Response) -> list[Json]:
    assert answer.headers["content-type"] == "application/fhir+ndjson"
    assert answer.content.endswith(b"\n")
    rows = answer.content[:-1].split(b"\n")
    for row in rows:
        conformant(row)
    return [orjson.loads(row) for row in rows]


def group(id_: str, *members: Json) -> Json:
    return {
        "resourceType": "Group",
        "id": id_,
        "type": "person",
        "actual": True,
        "member": list(members),
    }


def member(patient: str, **more: Any) -> Json:
    return {"entity": {"reference": f"Patient/{patient}"}} | more
