import numpy as np
import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.exhibits import Exhibit, exhibit
from tests.api.support import Client, heart_rate, patient, store

INTERVAL = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SampledData.interval"


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault)


async def test_the_spectrum_peaks_at_the_heart_rate_and_its_harmonics(
    client: Client, shown: Exhibit
) -> None:
    strip = shown.strips[0]
    told = (await client.get(f"Observation/{strip['id']}/$spectrum")).json()
    data = told["component"][0]["valueSampledData"]
    (step,) = (e["valueDecimal"] for e in data["extension"] if e["url"] == INTERVAL)
    density = np.array(data["data"].split(), dtype=np.float64) * data["factor"]
    hz = np.arange(len(density)) * step
    assert hz[-1] == pytest.approx(62.5)
    # One spike each 100 samples at 125 Hz: a comb of lines at multiples of 1.25 Hz.
    line = density[np.argmin(abs(hz - 6.25))]
    between = density[np.argmin(abs(hz - 6.875))]
    assert line > 10 * between
    # Parseval: the area under the density is the variance of a spike train of 1 mV.
    assert 0.002 < density.sum() * step < 0.05
    assert told["derivedFrom"] == [{"reference": f"Observation/{strip['id']}"}]
    assert told["subject"] == strip["subject"]
    assert "id" not in told


async def test_only_strips_have_a_spectrum(client: Client, database: Database) -> None:
    await store(database, patient("p1"), heart_rate("h1"))
    answer = await client.get("Observation/h1/$spectrum", 404)
    assert "no ECG strip" in answer.json()["issue"][0]["diagnostics"]
    await client.get("Observation/nobody/$spectrum", 404)


async def test_it_takes_the_scope_of_the_strip(with_scopes: Scoped, shown: Exhibit) -> None:
    path = f"Observation/{shown.strips[0]['id']}/$spectrum"
    vital = "system/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"
    await with_scopes(vital).get(path, 404)
    await with_scopes("system/Patient.rs").get(path, 403)
    await with_scopes("system/Observation.r").get(path)
