"""A whole simulation: enrol, measure, send, and wait until everything is stored."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from core.errors import Incorrect
from simulator.background import in_background
from simulator.device import Device, Pace, measure_all
from simulator.enrolment import MqttAddress, enrol
from simulator.faults import FaultyWire
from simulator.identity import powered, save_identity
from simulator.source import Simulation, source
from simulator.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Sent:
    """What a finished simulation did."""

    device_id: str
    session_id: str
    chunks_sealed: int
    samples_lost: int
    signal_s: float
    started_age_s: float


def default_patient(name: str, seed: int = 0) -> dict[str, Any]:
    """A made-up patient, marked as test data, for a device that was given none."""
    return {
        "resourceType": "Patient",
        "meta": {
            "security": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                    "code": "HTEST",
                    "display": "test health data",
                }
            ]
        },
        "identifier": [{"system": "urn:hisbundle:simulated-patient", "value": name}],
        "name": [{"family": "Simulated", "given": [name]}],
        "gender": "unknown",
        "birthDate": f"{1940 + seed % 60}-01-01",
    }


def broker_address(mqtt_url: str, ca_file: Path | None) -> MqttAddress:
    """An address from a URL such as mqtts://user:password@host:8883."""
    url = urlsplit(mqtt_url)
    if url.scheme not in ("mqtt", "mqtts") or not url.hostname:
        raise Incorrect("an MQTT URL looks like mqtts://user:password@host:8883")
    tls = url.scheme == "mqtts"
    return MqttAddress(
        url.hostname,
        url.port or (8883 if tls else 1883),
        tls,
        ca_file.read_text() if ca_file else None,
        unquote(url.username) if url.username else None,
        unquote(url.password) if url.password else None,
    )


async def _enrolled(plan: Simulation, device: Device) -> MqttAddress:
    """Enrol the device, let it remember that, and say where it shall send."""
    patient = plan.patient or default_patient(plan.folder.name, plan.seed)
    identity = device.identity
    if identity.pending_key:  # the service may have it already: its confirmation says that it does
        identity = identity.renewed()
    device.identity, address = await in_background(
        enrol, plan.base_url, plan.token, identity, patient
    )
    save_identity(plan.folder / "identity.json", device.identity)
    return broker_address(plan.mqtt_url, plan.mqtt_ca_file) if plan.mqtt_url else address


async def _until_stored(
    device: Device, uplink: Uplink, sending: asyncio.Task[None], measuring: asyncio.Task[None]
) -> None:
    """Wait for the signal's end and for the last acknowledgement; the sender must not die."""
    try:
        await asyncio.wait({measuring, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
        await measuring
        while len(device.outbox):
            uplink.settled.clear()
            settled = asyncio.create_task(uplink.settled.wait())
            await asyncio.wait({settled, sending}, return_when=asyncio.FIRST_COMPLETED)
            settled.cancel()
            if sending.done():
                sending.result()
    finally:
        measuring.cancel()


async def simulate(plan: Simulation) -> Sent:
    """Run the device until its signal ends and every chunk is acknowledged.

    Raises Incorrect or NotFound for a signal that cannot be had, Unavailable if enrolment fails,
    Conflict while the folder's device is already running.
    """
    with powered(plan.folder):
        return await _simulate(plan)


async def _simulate(plan: Simulation) -> Sent:
    blocks, duration_s = source(plan)
    device = Device(plan.folder, plan.rate_hz, clock_set=plan.clock_set)
    address = await _enrolled(plan, device)
    pace = Pace(plan.speed, plan.backlog_s, duration_s)
    wire = FaultyWire(plan.faults, plan.seed)
    uplink = Uplink(device, address, device.outbox, wire)
    sending = asyncio.create_task(uplink.run(), name="uplink")
    measuring = asyncio.create_task(
        measure_all(device, uplink, blocks, pace, plan.reboot_every_s), name="measure"
    )
    try:
        await _until_stored(device, uplink, sending, measuring)
    finally:
        sending.cancel()
        await asyncio.gather(sending, measuring, return_exceptions=True)
        device.outbox.close()
    return Sent(
        str(device.identity.device_id),
        device.session_id.hex(),
        device.sealed,
        device.lost_samples,
        device.signal_s,
        pace.age_s(),
    )
