"""From the last sample of a strip to its Observation over FHIR, in real time."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import httpx
import numpy as np

from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from benchmarks.bed import temporary_settings
from benchmarks.mqtt_client import MqttClient
from benchmarks.recorder import CHUNK_S, Recorder, signal_bodies
from benchmarks.report import Row
from benchmarks.rounds import Size, percentiles_ms
from core.chunk import ChunkBody
from core.ecg import CHUNKS_PER_STRIP
from core.settings import Settings
from fhir import codes
from hisbundle.address import own_url
from hisbundle.service import running_service
from hisbundle.tokens import development_token
from simulator.enrolment import enrol
from simulator.identity import Identity
from simulator.run import default_patient

NAME = "journey"
DEVICES = 20
SECONDS = 30
BACKLOG = CHUNKS_PER_STRIP
LOOK_S = 0.02
WAIT_S = 30.0


@dataclass(slots=True)
class Walk:
    """One device: what it sends, and when each strip was complete, decided and visible.

    ``deciding`` maps strips to the chunk with which the pipeline can read them: a strip's last
    beat is complete with the next one, so that is the chunk after the strip, or a later one.
    """

    recorder: Recorder
    client: MqttClient
    bodies: list[ChunkBody]
    deciding: dict[int, int]
    sent_at: dict[int, float] = field(default_factory=dict)
    visible_at: dict[int, float] = field(default_factory=dict)

    finished: bool = False

    @property
    def live(self) -> dict[int, int]:
        """Strips that were decided by a chunk that was sent, and that chunk."""
        return {strip: seq for strip, seq in self.deciding.items() if seq in self.sent_at}

    @property
    def all_visible(self) -> bool:
        """Whether all of those were seen over FHIR."""
        return self.live.keys() <= self.visible_at.keys()

    def since_complete(self) -> list[float]:
        """Seconds from the chunk that holds a strip's last sample."""
        lasts = {strip: (strip + 1) * CHUNKS_PER_STRIP - 1 for strip in self.live}
        return [self.visible_at[strip] - self.sent_at[seq] for strip, seq in lasts.items()]

    def since_decided(self) -> list[float]:
        """Seconds from the chunk with which the strip could be read."""
        return [self.visible_at[strip] - self.sent_at[seq] for strip, seq in self.live.items()]


async def run(size: Size) -> list[Row]:
    """Latencies of the strips of all devices, each of which is at another point of its strip."""
    n_devices, seconds = size.of(DEVICES, 2), size.of(SECONDS, 6)
    with temporary_settings() as settings:
        async with running_service(settings) as real:
            walks = await _walks(real, n_devices)
            watching = asyncio.create_task(_watch(real, walks))
            await asyncio.gather(*(_send(walk, n, seconds) for n, walk in enumerate(walks)))
            await watching
            for walk in walks:
                walk.client.close()
    note = f"{n_devices} devices in real time; looked every {LOOK_S * 1000:.0f} ms"
    last = [took for walk in walks for took in walk.since_complete()]
    decided = [took for walk in walks for took in walk.since_decided()]
    waits = f"{len(last)} strips; a strip waits for the chunk with its next beat"
    return [
        _row("last sample of a strip → visible over FHIR", last, waits),
        _row("chunk with that beat → visible over FHIR", decided, note),
    ]


async def _walks(settings: Settings, count: int) -> list[Walk]:
    """Devices enrolled over HTTP, and connected."""
    url, token = own_url(settings), development_token(settings)
    return [await _walk(url, token, number) for number in range(count)]


async def _walk(url: str, token: str, number: int) -> Walk:
    recorder = Recorder()
    identity = Identity(recorder.id, recorder.key, recorder.epoch, 1)
    patient = default_patient(f"Benchmark {number}")
    identity, address = await asyncio.to_thread(enrol, url, token, identity, patient)
    context = ssl.create_default_context(cadata=address.ca_pem)
    client = await MqttClient.open(address.port, context, recorder.id, identity.mqtt_password)
    bodies = signal_bodies(BACKLOG + 1 + round(2 * SECONDS / CHUNK_S), 0, number)
    return Walk(recorder, client, bodies, _deciding(bodies))


def _deciding(bodies: Sequence[ChunkBody]) -> dict[int, int]:
    """Which chunk makes the pipeline read which strip; it is a function of the signal alone."""
    pipeline, found = SessionPipeline(Model("benchmark", 0.5)), dict[int, int]()
    for seq, body in enumerate(bodies):
        before = pipeline.line.first_unread
        pipeline.push(seq, body, 0)
        found |= dict.fromkeys(range(before, pipeline.line.first_unread), seq)
        pipeline.resolve(np.zeros((len(pipeline.crops), 5), dtype=np.float32))
    return found


async def _send(walk: Walk, number: int, seconds: int) -> None:
    """Some chunks at once, so that strips end at different times; then in real time."""
    backlog = (BACKLOG - 1 - number) % BACKLOG
    began = time.time() - backlog * CHUNK_S + CHUNK_S * (number / DEVICES)
    for seq, body in enumerate(walk.bodies):
        due = began + (seq + 1) * CHUNK_S
        if due > began + backlog * CHUNK_S + seconds:
            break
        await asyncio.sleep(due - time.time())
        dated = replace(body, t0_us=round((began + seq * CHUNK_S) * 1e6))
        walk.sent_at[seq] = time.perf_counter()
        await walk.client.publish(walk.client.packets(walk.recorder.seal([dated]), seq))
    walk.finished = True


async def _watch(settings: Settings, walks: Sequence[Walk]) -> None:
    """Ask for new strips again and again, as an EHR would, until all are there."""
    headers = {"Authorization": f"Bearer {development_token(settings)}"}
    code = f"{codes.ECG_POTENTIAL.system}|{codes.ECG_POTENTIAL.code}"
    wanted = {"code": code, "_sort": "-_lastUpdated", "_count": str(2 * len(walks))}
    devices = {str(walk.recorder.id): walk for walk in walks}
    until = time.perf_counter() + 2 * SECONDS + WAIT_S
    async with httpx.AsyncClient(base_url=own_url(settings), headers=headers) as http:
        while not all(walk.finished and walk.all_visible for walk in walks):
            if time.perf_counter() > until:
                raise RuntimeError("not every strip became visible")
            answer = await http.get("/fhir/Observation", params=wanted)
            seen_at = time.perf_counter()
            for entry in answer.raise_for_status().json().get("entry", []):
                device, _, _, strip = entry["resource"]["identifier"][0]["value"].split("/")
                devices[device].visible_at.setdefault(int(strip), seen_at)
            await asyncio.sleep(LOOK_S)


def _row(case: str, took: Sequence[float], note: str) -> Row:
    p50, p99 = percentiles_ms(took)
    return Row(NAME, case, p50_ms=p50, p99_ms=p99, note=note)
