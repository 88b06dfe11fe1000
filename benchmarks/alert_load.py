"""Devices in real time, and those who are told of their alerts; a child of ``alerts``."""

import asyncio
import re
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from analysis.classifier import load_classifier
from benchmarks.alarming import Foreseen, alarming, foreseen, onsets
from benchmarks.bed import HOST
from benchmarks.child import Message, follow
from benchmarks.mqtt_client import MqttClient
from benchmarks.recorder import CHUNK_S, RATE_HZ, Recorder
from core.chunk import ChunkBody
from core.ecg import CHUNKS_PER_STRIP, SessionKey
from fhir.mapping.flag import flag_id

CALM_EVERY = 4
"""Of so many devices one stays in sinus rhythm."""
FIRST_SHARE, LAST_S = 0.25, 7.0
"""Nothing begins in the first quarter, while what came at once is worked off and libraries load;
nor in the last seconds, for it would not be told any more."""
WAIT_S = 60.0
CHANNELS = ("rest-hook", "websocket", "SNS")
_FLAG = re.compile(rb"Flag/([0-9a-f-]{36})")


@dataclass(slots=True)
class Walk:
    """One device: what it sends, and what is foreseen of it."""

    bodies: list[ChunkBody]
    backlog: int
    foreseen: Foreseen | None
    recorder: Recorder = field(default_factory=Recorder)
    client: MqttClient | None = None
    flag: str = ""
    evidence_at: float = 0.0
    sent_at: float = 0.0


class AlertLoad:
    """Orders, in this sequence: listen, prepare, open, bind, send."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, float]] = {channel: {} for channel in CHANNELS}
        self._walks: list[Walk] = []
        self._running: list[object] = []
        self._news = asyncio.Event()

    async def obey(self, order: Message) -> Message:
        """Carry out one order."""
        match order["do"]:
            case "listen":
                return await self._listen()
            case "prepare":
                return self._prepare(int(order["devices"]), float(order["seconds"]))
            case "open":
                return await self._open(order)
            case "bind":
                return await self._bind(str(order["url"]), str(order["token"]))
        return await self._send(float(order["seconds"]))

    async def _listen(self) -> Message:
        server = await asyncio.start_server(self._take, HOST, 0)
        self._running.append(server)
        return {"port": server.sockets[0].getsockname()[1]}

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The handler of the rest-hook, at ``/hook``, and of the topic."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                body = await reader.readexactly(size)
                self._told("rest-hook" if head.startswith(b"POST /hook") else "SNS", body)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _told(self, channel: str, body: bytes) -> None:
        now = time.perf_counter()
        for found in _FLAG.findall(body):
            self._seen[channel].setdefault(found.decode(), now)
        self._news.set()

    def _prepare(self, devices: int, seconds: float) -> Message:
        classifier, begins = load_classifier(), onsets()
        for number in range(devices):
            backlog = (CHUNKS_PER_STRIP - 1 - number) % CHUNKS_PER_STRIP
            onset = None if number % CALM_EVERY == CALM_EVERY - 1 else next(begins)
            first_s = FIRST_SHARE * seconds
            at_s = first_s + max(seconds - first_s - LAST_S, 0.0) * number / devices
            lasts_s = (backlog + 2) * CHUNK_S + seconds
            bodies = alarming(onset, backlog * CHUNK_S + at_s, lasts_s, number)
            told = None if onset is None else foreseen(bodies, classifier)
            self._walks.append(Walk(bodies, backlog, told))
        return {"foreseen": sum(walk.foreseen is not None for walk in self._walks)}

    async def _open(self, order: Message) -> Message:
        context = ssl.create_default_context(cadata=order["ca_pem"])
        for walk, told in zip(self._walks, order["devices"], strict=True):
            one = Recorder(UUID(told["id"]), bytes.fromhex(told["key"]), password=told["password"])
            walk.recorder = one
            walk.client = await MqttClient.open(order["port"], context, one.id, one.password)
            if walk.foreseen is not None:
                key = SessionKey(0, one.id, one.epoch, one.session_id)
                walk.flag = flag_id(key, walk.foreseen.kind, walk.foreseen.strip_index)
        return {}

    async def _bind(self, url: str, token: str) -> Message:
        socket = await connect(url)
        await socket.send(f"bind-with-token {token}")
        self._running.append(asyncio.create_task(self._hear(socket)))
        return {}

    async def _hear(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):  # the service ends before its load
            async for message in socket:
                self._told("websocket", message.encode() if isinstance(message, str) else message)

    async def _send(self, seconds: float) -> Message:
        """Answers for each alert with its kind, and seconds since evidence and chunk."""
        walks = self._walks
        shares = [CHUNK_S * number / len(walks) for number in range(len(walks))]
        pairs = zip(walks, shares, strict=True)
        await asyncio.gather(*(_walk(walk, share, seconds) for walk, share in pairs))
        alarming = [walk for walk in walks if walk.sent_at]
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while not all(map(self._is_known, alarming)):
                    self._news.clear()
                    await self._news.wait()
        return {"alerts": list(map(self._figures, alarming))}

    def _is_known(self, walk: Walk) -> bool:
        return all(walk.flag in seen for seen in self._seen.values())

    def _figures(self, walk: Walk) -> Message:
        at = {channel: seen.get(walk.flag) for channel, seen in self._seen.items()}
        return {
            "kind": walk.foreseen and walk.foreseen.kind.value,
            "evidence": {name: seen and seen - walk.evidence_at for name, seen in at.items()},
            "chunk": {name: seen and seen - walk.sent_at for name, seen in at.items()},
        }


async def _walk(walk: Walk, share: float, seconds: float) -> None:
    """Some chunks at once, so that strips end at different times; then in real time."""
    began = time.perf_counter() - walk.backlog * CHUNK_S + share
    began_utc = time.time() - time.perf_counter() + began
    until = time.perf_counter() + share + seconds
    for seq, body in enumerate(walk.bodies):
        due = began + (seq + 1) * CHUNK_S
        if due > until or walk.client is None:
            break
        await asyncio.sleep(due - time.perf_counter())
        dated = replace(body, t0_us=round((began_utc + seq * CHUNK_S) * 1e6))
        packets = walk.client.packets(walk.recorder.seal([dated]), seq)
        if walk.foreseen is not None and seq == walk.foreseen.seq:
            # The last sample is there when it is due, not when this process comes to it.
            walk.sent_at, walk.evidence_at = due, began + walk.foreseen.stop_sample / RATE_HZ
        await walk.client.publish(packets)


if __name__ == "__main__":
    follow(AlertLoad().obey)
