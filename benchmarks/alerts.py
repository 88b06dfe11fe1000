"""From the last sample of an alert's evidence to those who are told, in real time.

Two moments are counted from. The evidence's own last sample is where ``Alert.basis`` ends; it
waits in the device until its chunk of 187 samples is full, and what decides may need the chunk
after it. The chunk that completes the evidence is the one with which the pipeline opens the
alert: nothing could tell it before the last sample of that chunk was there.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import numpy as np
from prometheus_client import REGISTRY

from benchmarks.alert_load import CHANNELS
from benchmarks.apart import running_apart
from benchmarks.bed import HOST, temporary_settings
from benchmarks.child import Child, Message, load_generator
from benchmarks.recorder import Recorder
from benchmarks.report import Row
from benchmarks.rounds import Size
from benchmarks.topic import REGION, Topic, running_topic
from core.alarms.policy import EscalationPolicy, Level, Recipient
from core.messages import ChannelKind
from core.settings import Settings
from fhir.subscriptions.codes import CONTENT
from fhir.subscriptions.topics import ALERTS
from hisbundle.address import own_url
from hisbundle.reach import open_database
from hisbundle.tokens import development_token
from simulator.enrolment import MqttAddress, enrol
from simulator.identity import Identity
from simulator.run import default_patient
from store import escalation

NAME = "alerts"
DEVICES, SECONDS, SECONDS_MIN = 200, 90, 9
ACTIVE_WAIT_S = 30.0
_SINCE = {
    "evidence": "last sample of the evidence",
    "chunk": "last sample of the chunk that completes it",
}


async def run(size: Size) -> list[Row]:
    """Latencies of alerts by each channel, while all devices send."""
    devices, seconds = size.of(DEVICES, 2), size.of(SECONDS, SECONDS_MIN)
    async with load_generator("benchmarks.alert_load") as child:
        port = (await child.ask(do="listen"))["port"]
        origin = f"http://{HOST}:{port}"
        await child.ask(do="prepare", devices=devices, seconds=seconds)
        async with running_topic(f"{origin}/sns") as topic:
            with temporary_settings() as settings:
                async with running_apart(_settings(settings, origin, topic)) as real:
                    await _ready(real, child, devices, origin, topic)
                    began, began_cpu = time.monotonic(), time.process_time()
                    told = await child.ask(do="send", seconds=seconds)
                    cpu = (time.process_time() - began_cpu) / (time.monotonic() - began)
    load = f"load {os.getloadavg()[0]:.1f}"
    return _rows(told, f"{devices} devices; the process that tells took {cpu:.2f} cores; {load}")


def _settings(settings: Settings, origin: str, topic: Topic) -> Settings:
    return settings.model_copy(
        update={
            "subscription_origins": (origin,),
            "outbound_networks": (ip_network("127.0.0.0/8"),),
            "messages_per_minute": 10_000,  # all alerts go to one topic
            "aws_region": REGION,
            "aws_endpoint_url": topic.url,
        }
    )


async def _ready(settings: Settings, child: Child, devices: int, origin: str, topic: Topic) -> None:
    """Devices enrolled and connected, the escalation policy in force, subscribers bound."""
    team = Level(0, (Recipient(ChannelKind.SNS, topic.arn),))
    async with open_database(settings) as database, database.transaction() as tx:
        await escalation.set_policies(tx, [EscalationPolicy("ward", levels=(team,))])
    enrolled = [await _enrolled(settings, number) for number in range(devices)]
    address, told = enrolled[0][0], [recorder for _, recorder in enrolled]
    await child.ask(do="open", port=address.port, ca_pem=address.ca_pem, devices=told)
    token = development_token(settings, ("system/*.cruds",))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    async with httpx.AsyncClient(base_url=f"{own_url(settings)}/fhir/", headers=headers) as http:
        hook = {"type": "rest-hook", "endpoint": f"{origin}/hook"}
        await _active(http, await _subscribe(http, hook))
        name = await _subscribe(http, {"type": "websocket"})
        answer = await http.get(f"Subscription/{name}/$get-ws-binding-token")
        ticket = answer.raise_for_status().json()["parameter"][0]["valueString"]
        url = f"{own_url(settings).replace('http', 'ws', 1)}/ws"
        await child.ask(do="bind", url=url, token=ticket)
        await _active(http, name)


async def _enrolled(settings: Settings, number: int) -> tuple[MqttAddress, Message]:
    one = Recorder()
    identity = Identity(one.id, one.key, one.epoch, 1)
    patient = default_patient(f"Benchmark {number}", number)
    url, token = own_url(settings), development_token(settings)
    identity, address = await asyncio.to_thread(enrol, url, token, identity, patient)
    told = {"id": str(one.id), "key": one.key.hex(), "password": identity.mqtt_password}
    return address, told


async def _subscribe(http: httpx.AsyncClient, channel: dict[str, Any]) -> str:
    content = {"extension": [{"url": CONTENT, "valueCode": "id-only"}]}
    body = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Benchmark",
        "criteria": ALERTS,
        "channel": channel | {"payload": "application/fhir+json", "_payload": content},
    }
    return str((await http.post("Subscription", json=body)).raise_for_status().json()["id"])


async def _active(http: httpx.AsyncClient, name: str) -> None:
    until = time.monotonic() + ACTIVE_WAIT_S
    while time.monotonic() < until:
        found = (await http.get(f"Subscription/{name}")).raise_for_status().json()
        if found["status"] == "active":
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the {found['channel']['type']} did not become active: {found}")


def _rows(told: Message, note: str) -> list[Row]:
    alerts: list[Message] = told["alerts"]
    missed = [one["kind"] for one in alerts if None in one["chunk"].values()]
    if missed or not alerts:
        raise RuntimeError(f"of {len(alerts)} alerts {len(missed)} were not told: {missed}")
    rows = [
        _row(f"{since} → {channel}", [one[key][channel] for one in alerts])
        for key, since in _SINCE.items()
        for channel in CHANNELS
    ]
    kinds = Counter(one["kind"] for one in alerts)
    told_of = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    rows[0] = replace(rows[0], note=f"{rows[0].note}; {len(alerts)} alerts: {told_of}")
    rows[3] = replace(rows[3], note=f"{rows[3].note}; {note}")
    return [*rows, _by_metrics()]


def _row(case: str, took: Sequence[float]) -> Row:
    p50, p95, p99, most = np.percentile(took, [50, 95, 99, 100]) * 1000
    note = f"p95 {p95:,.0f} ms, at most {most:,.0f} ms"
    return Row(NAME, case, p50_ms=float(p50), p99_ms=float(p99), note=note)


def _by_metrics() -> Row:
    """The mean to the Flag as the service itself counts it, beside the delivery's."""
    found = _mean_ms("hisbundle_alert_found_seconds")
    published = _mean_ms("hisbundle_alert_published_seconds")
    hook = _mean_ms("hisbundle_subscription_delivery_seconds")
    sns = _mean_ms("hisbundle_message_sent_seconds")
    note = f"means, of all alerts; found {found:,.0f} ms; Flag → rest-hook {hook:,.0f} ms"
    case = "by the service's metrics: last sample of the evidence → Flag"
    return Row(NAME, case, p50_ms=published, note=f"{note}, message → SNS {sns:,.0f} ms")


def _mean_ms(name: str) -> float:
    """Of a histogram, over all its labels."""
    samples = [s for metric in REGISTRY.collect() for s in metric.samples]
    total, count = (
        sum(sample.value for sample in samples if sample.name == name + part)
        for part in ("_sum", "_count")
    )
    return 1000 * total / max(count, 1)
