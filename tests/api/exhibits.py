"""A whole session as ingest, analysis and publisher leave it: sealed chunks and FHIR resources."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from core.alerts import Alert, AlertKind
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkHeader, SessionCipher
from core.ecg import SAMPLES_PER_STRIP, Beat, Rate, StripFinding
from core.keys import KeyVault
from fhir.mapping.patient import patient
from fhir.publishing.publisher import Publisher
from fhir.search.indexing import draft
from store import alerts, chunks, findings, wearing
from store.chunks import NewChunk
from store.database import Database
from store.resources import put_many
from tests.devices import Device, enrol_directly, flat_body
from tests.fhir.samples import READABLE

RATE_HZ = 125.0
NV = 1000
STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)
SENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:1.2.36.146", "value": "MRN-4711"}],
    "name": [{"family": "Nováková", "given": ["Jana", "王芳"]}],
    "birthDate": "1958-07-04",
    "gender": "female",
}
PATIENT = patient(SENT)
LOST = frozenset({9, 10})
"""Chunks that never came."""


@dataclass(frozen=True)
class Exhibit:
    """What was recorded, and the resources that tell of it."""

    device: Device
    codes: npt.NDArray[np.int16]
    findings: list[StripFinding]
    report: dict[str, Any]
    strips: list[dict[str, Any]]


def heartbeats(n: int) -> npt.NDArray[np.int16]:
    """A spike of 1 mV every 100 samples on a slow wave; electrode off in samples 600 to 699."""
    t = np.arange(n)
    wave = 50 * np.sin(t / 40)
    spike = 1000 * np.exp(-(((t % 100) - 50) ** 2) / 8)
    codes: npt.NDArray[np.int16] = np.round(wave + spike).astype(np.int16)
    codes[600:700] = INVALID_SAMPLE
    return codes


def _findings(strips: int) -> list[StripFinding]:
    found = []
    for k in range(strips):
        first = k * SAMPLES_PER_STRIP
        peaks = [p for p in range(first, first + SAMPLES_PER_STRIP) if p % 100 == 50]
        known = (0.01, 0.9, None)
        found.append(
            replace(
                READABLE,
                strip_index=k,
                first_sample=first,
                started_at=STARTED_AT + timedelta(seconds=first / RATE_HZ),
                rate=Rate(75.0 + k, 800, 790, 810, 5, 5),
                beats=tuple(Beat(p, known[(p // 100) % 3]) for p in peaks),
            )
        )
    return found


async def exhibit(database: Database, vault: KeyVault, strips: int = 3) -> Exhibit:
    """Record, analyse, end and publish a session of so many strips."""
    device = await enrol_directly(database, vault, Device())
    n = strips * SAMPLES_PER_STRIP
    codes = heartbeats(n)
    found = _findings(strips)
    async with database.transaction() as tx:
        await put_many(tx, [draft(PATIENT)])
        await wearing.put_on(tx, device.id, PATIENT["id"], STARTED_AT)
        sealed = [_chunk(device, seq, codes) for seq in range(n // SAMPLES_PER_CHUNK)]
        await chunks.append(tx, [new for new in sealed if new.seq not in LOST])
        await findings.upsert(tx, [(1, finding) for finding in found])
        raised = Alert(AlertKind.TACHYCARDIA, found[1].started_at, None, 1, "heart rate 141/min")
        await alerts.upsert(tx, [(1, raised)])
        await tx.execute(text("UPDATE analysis_cursor SET ended = true"))
    await publish(database)
    for seq in LOST:
        codes[seq * SAMPLES_PER_CHUNK : (seq + 1) * SAMPLES_PER_CHUNK] = INVALID_SAMPLE
    async with database.transaction() as tx:
        rows = await tx.execute(
            text("SELECT convert_from(body, 'UTF8') FROM resource WHERE NOT deleted"
                 " ORDER BY type, at")
        )  # fmt: skip
    bodies = [_loads(row[0]) for row in rows]
    (report,) = [b for b in bodies if b["resourceType"] == "DiagnosticReport"]
    told = [b for b in bodies if "/strip/" in b.get("identifier", [{}])[0].get("value", "")]
    return Exhibit(device, codes, found, report, told)


async def publish(database: Database) -> None:
    publisher = Publisher(database, report_interval_s=60)
    while await publisher.turn():
        pass


def _chunk(device: Device, seq: int, codes: npt.NDArray[np.int16]) -> NewChunk:
    start = seq * SAMPLES_PER_CHUNK
    body = replace(flat_body(seq), nv_per_lsb=NV, samples=codes[start : start + SAMPLES_PER_CHUNK])
    cipher = SessionCipher(device.key, device.id, device.epoch, device.session_id)
    frame = cipher.seal(ChunkHeader(device.id, device.epoch, device.session_id, seq), body)
    return NewChunk(device.id, device.epoch, device.session_id, seq, frame)


def _loads(body: str) -> dict[str, Any]:
    import orjson

    loaded: dict[str, Any] = orjson.loads(body)
    return loaded
