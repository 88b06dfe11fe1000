from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from api.strips import place, within
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkFlag, ChunkHeader, SessionCipher
from core.keyring import KeyRing
from core.local_vault import LocalVault
from fhir.search.indexing import draft
from fhir.values import Json
from store import chunks, devices
from store.chunks import NewChunk
from store.database import Database
from store.resources import put_many
from tests.api.support import Client, strip
from tests.devices import Device, enrol_directly, flat_body


@dataclass
class Recorder:
    """A device whose sample n has the code n modulo 1000."""

    database: Database
    device: Device = field(default_factory=Device)

    async def record(
        self, seq: int, sample_index: int, n_valid: int = SAMPLES_PER_CHUNK, **others: Any
    ) -> None:
        device = self.device
        samples = (sample_index + np.arange(SAMPLES_PER_CHUNK)) % 1000
        known = {"sample_index": sample_index, "n_valid": n_valid}
        body = replace(flat_body(seq), **known | {"samples": samples.astype(np.int16)} | others)
        cipher = SessionCipher(device.key, device.id, device.epoch, device.session_id)
        frame = cipher.seal(ChunkHeader(device.id, device.epoch, device.session_id, seq), body)
        new = NewChunk(device.id, device.epoch, device.session_id, seq, frame)
        async with self.database.transaction() as tx:
            await chunks.append(tx, [new])

    async def publish(self, name: str, first: int, n: int) -> None:
        render = {"session": 1, "first_sample": first, "n_samples": n, "component": 0}
        async with self.database.transaction() as tx:
            await put_many(tx, [draft(strip(name, n_samples=n), render)])


@pytest.fixture
async def recorder(database: Database, vault: LocalVault) -> Recorder:
    made = Recorder(database)
    await enrol_directly(database, vault, made.device)
    return made


async def _data(client: Client, path: str) -> list[str]:
    found: Json = (await client.get(path)).json()
    data: str = found["component"][0]["valueSampledData"]["data"]
    return data.split(" ")


def _codes(first: int, n: int) -> list[str]:
    return [str(code % 1000) for code in range(first, first + n)]


async def test_samples_stand_where_they_belong(client: Client, recorder: Recorder) -> None:
    for seq in range(20):
        await recorder.record(seq, seq * SAMPLES_PER_CHUNK)
    await recorder.publish("s", 1496, 1496)
    await recorder.publish("odd", 1000, 100)
    assert await _data(client, "Observation/s") == _codes(1496, 1496)
    assert await _data(client, "Observation/odd") == _codes(1000, 100)
    scale = (await client.get("Observation/s")).json()["component"][0]["valueSampledData"]
    assert scale["factor"] == 732e-6
    assert scale["origin"] == {"value": 0, "unit": "mV", "system": "http://unitsofmeasure.org",
                               "code": "mV"}  # fmt: skip


async def test_what_was_not_received_is_e(client: Client, recorder: Recorder) -> None:
    await recorder.record(0, 0)
    await recorder.record(2, 2 * SAMPLES_PER_CHUNK, n_valid=100)
    await recorder.publish("s", 0, 4 * SAMPLES_PER_CHUNK)
    lost = ["E"] * SAMPLES_PER_CHUNK
    tail = [*_codes(374, 100), *["E"] * (SAMPLES_PER_CHUNK - 100), *lost]
    assert await _data(client, "Observation/s") == [*_codes(0, 187), *lost, *tail]


async def test_samples_that_the_device_lost_before_sealing(
    client: Client, recorder: Recorder
) -> None:
    jump = 10_000
    for seq in range(40):
        await recorder.record(seq, seq * SAMPLES_PER_CHUNK + (jump if seq >= 10 else 0))
    first = 20 * SAMPLES_PER_CHUNK + jump
    await recorder.publish("s", first, 1496)
    assert await _data(client, "Observation/s") == _codes(first, 1496)
    await recorder.publish("gap", 1860, 20)
    assert await _data(client, "Observation/gap") == [*_codes(1860, 10), *["E"] * 10]


async def test_a_gain_that_changes_within_a_strip_changes_no_voltage(
    client: Client, recorder: Recorder
) -> None:
    await recorder.record(0, 0, nv_per_lsb=1000)
    await recorder.record(1, SAMPLES_PER_CHUNK, nv_per_lsb=2000)
    await recorder.publish("s", 0, 2 * SAMPLES_PER_CHUNK)
    filled = (await client.get("Observation/s")).json()["component"][0]["valueSampledData"]
    millivolts = [float(code) * filled["factor"] for code in filled["data"].split()]
    expected = [k * 0.001 for k in range(187)] + [k * 0.002 for k in range(187, 374)]
    assert millivolts == pytest.approx(expected, abs=0.0011)


async def test_what_was_measured_with_leads_off_is_no_voltage(
    client: Client, recorder: Recorder
) -> None:
    await recorder.record(0, 0)
    await recorder.record(1, SAMPLES_PER_CHUNK, flags=ChunkFlag.LEAD_OFF_PLUS)
    await recorder.publish("s", 0, 2 * SAMPLES_PER_CHUNK)
    assert await _data(client, "Observation/s") == [*_codes(0, 187), *["E"] * 187]


async def test_chunks_that_analysis_refused_are_no_part_of_a_strip(
    client: Client, recorder: Recorder
) -> None:
    await recorder.record(0, 0)
    await recorder.record(1, 20, samples=np.full(SAMPLES_PER_CHUNK, 7, dtype=np.int16))
    await recorder.publish("s", 0, SAMPLES_PER_CHUNK)
    assert await _data(client, "Observation/s") == _codes(0, 187)


async def test_a_strip_of_many_short_chunks_is_whole(client: Client, recorder: Recorder) -> None:
    for seq in range(40):
        await recorder.record(seq, 10 * seq, n_valid=10)
    await recorder.publish("s", 0, 374)
    assert await _data(client, "Observation/s") == _codes(0, 374)


async def test_search_history_and_vread_fill_in_too(client: Client, recorder: Recorder) -> None:
    for seq in range(8):
        await recorder.record(seq, seq * SAMPLES_PER_CHUNK)
    await recorder.publish("s", 0, 1496)
    await _data(client, "Observation/s/_history/1")
    for path in ("Observation?code=131328", "Observation/s/_history"):
        bundle = (await client.get(path)).json()
        data = bundle["entry"][0]["resource"]["component"][0]["valueSampledData"]
        assert data["data"].split() == _codes(0, 1496)


async def test_without_the_key_the_data_are_masked(
    client: Client, recorder: Recorder, database: Database, keyring: KeyRing
) -> None:
    await recorder.record(0, 0)
    await recorder.publish("s", 0, 187)
    async with database.transaction() as tx:
        await devices.revoke_key(tx, recorder.device.id, 1)
    keyring.forget(recorder.device.id)
    data = (await client.get("Observation/s")).json()["component"][0]["valueSampledData"]
    assert "data" not in data
    assert data["_data"]["extension"][0]["valueCode"] == "masked"


async def test_without_any_chunk_it_is_still_there(client: Client, recorder: Recorder) -> None:
    await recorder.publish("s", 1496, 1496)
    await client.get("Observation/s")


async def test_a_chunk_that_was_changed_at_rest_is_missing(
    client: Client, recorder: Recorder, database: Database
) -> None:
    for seq in range(3):
        await recorder.record(seq, seq * SAMPLES_PER_CHUNK)
    await recorder.publish("s", 0, 3 * SAMPLES_PER_CHUNK)
    async with database.transaction() as tx:
        swap = "UPDATE chunk SET frame = (SELECT frame FROM chunk WHERE seq = 2) WHERE seq = 1"
        await tx.execute(text(swap))
    lost = ["E"] * SAMPLES_PER_CHUNK
    assert await _data(client, "Observation/s") == [*_codes(0, 187), *lost, *_codes(374, 187)]


@given(start=st.integers(0, 3000), first=st.integers(0, 3000), n=st.integers(1, 400),
       valid=st.integers(0, SAMPLES_PER_CHUNK))  # fmt: skip
def test_place_copies_what_overlaps(start: int, first: int, n: int, valid: int) -> None:
    body = replace(flat_body(0, 7), sample_index=start, n_valid=valid)
    samples: npt.NDArray[np.int16] = np.full(n, INVALID_SAMPLE, dtype=np.int16)
    place(body, samples, first, body.nv_per_lsb)
    expected = [7 if start <= first + k < start + valid else INVALID_SAMPLE for k in range(n)]
    assert samples.tolist() == expected
    assert bool(within([body], first, first + n)) == (7 in expected)
