"""The whole road, on a record: device, broker, Postgres, analysis, FHIR."""

import math
from pathlib import Path

import pytest

from hisbundle.fhir_reader import FhirReader
from hisbundle.replay import ReplaySummary, replay
from simulator.faults import FaultRates
from simulator.rhythm import Rhythm
from simulator.source import Simulation
from tests.conformance.checker import conformant
from tests.ingest.certificates import make_certificates
from tests.journey.records import mitdb_record, synthetic_record
from tests.journey.road import broker_road
from tests.journey.stack import Service, running

SECONDS = 150.0
WAIT_S = 120.0
FAULTS = FaultRates(duplicate=0.1, reorder=0.1, drop=0.1, corrupt=0.1)


def plan(service: Service, folder: Path, record: Path, faults: FaultRates) -> Simulation:
    return Simulation(
        service.url, service.token, folder / "device", record=record, speed=math.inf,
        seconds=SECONDS, faults=faults, seed=11,
    )  # fmt: skip


def assert_arrived(summary: ReplaySummary, se: float, ppv: float) -> None:
    assert summary.chunks_sent == summary.chunks_stored == math.ceil(SECONDS * 125 / 187)
    assert summary.signal_seconds == pytest.approx(SECONDS)
    assert summary.r_peak_sensitivity is not None
    assert summary.r_peak_ppv is not None
    assert summary.r_peak_sensitivity >= se
    assert summary.r_peak_ppv >= ppv
    assert sum(summary.beats.values()) == 2 * summary.beats["total"]


async def assert_conformant(service: Service, summary: ReplaySummary) -> None:
    """Every resource of the patient, as an EHR reads it."""
    async with FhirReader(service.url, service.token) as reader:
        patient = (await anext(reader.search("Patient")))["id"]
        seen = 0
        for kind in ("Patient", "Device", "Observation", "DiagnosticReport", "Flag"):
            async for resource in reader.search(kind):
                conformant(resource)
                seen += 1
        assert seen > 4 * SECONDS / 12
        assert patient


@pytest.mark.parametrize(("name", "se", "ppv"), [("100", 0.995, 0.995), ("208", 0.97, 0.97)])
async def test_a_recorded_patient_reaches_the_hospital(
    name: str, se: float, ppv: float, reachable_folder: Path, tmp_path: Path
) -> None:
    record = mitdb_record(name) or synthetic_record(tmp_path, Rhythm.PVC, SECONDS)
    async with running(Service(reachable_folder / f"road-{name}")) as service:
        summary = await replay(plan(service, tmp_path, record, FaultRates()), WAIT_S)
        assert_arrived(summary, se, ppv)
        assert summary.heart_rate_mean is not None
        assert 40 < summary.heart_rate_mean < 140
        await assert_conformant(service, summary)
        assert await service.stop() == 0


async def test_mosquitto_a_packaged_postgres_and_a_faulty_device_change_nothing(
    reachable_folder: Path, tmp_path: Path, system_postgres_url: str
) -> None:
    record = mitdb_record("100") or synthetic_record(tmp_path, Rhythm.SINUS, SECONDS)
    certificates = make_certificates(tmp_path)
    folder = reachable_folder / "broker"
    async with broker_road(folder, certificates, system_postgres_url) as road:
        clean = await replay(road.plan(tmp_path / "clean", record, SECONDS), WAIT_S)
        faulty = await replay(road.plan(tmp_path / "faulty", record, SECONDS, FAULTS), WAIT_S)
    assert_arrived(clean, 0.995, 0.995)
    assert_arrived(faulty, 0.995, 0.995)
    assert faulty.beats == clean.beats
    assert faulty.heart_rate_mean == clean.heart_rate_mean
