"""Binary: renderings of the client's patients, and of the service's own results alone."""

from typing import Any

import pytest

from core.local_vault import LocalVault
from fhir.codes import RESULT_SID
from fhir.values import Json
from store.database import Database
from tests.api.compartments.conftest import Confined
from tests.api.conftest import Scoped
from tests.api.exhibits import PATIENT, Exhibit, exhibit
from tests.api.support import BASE, Client, patient, store

PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    await store(database, patient("p1"))
    return await exhibit(database, vault)


async def test_of_their_patients(confined: Confined, shown: Exhibit) -> None:
    name = f"Binary/{shown.report['id']}-svg"
    theirs = await confined(PATIENT["id"], scopes="patient/*.r")
    await theirs.get(name)
    await theirs.get(f"Observation/{shown.strips[0]['id']}/$spectrum")
    other = await confined("p1", scopes="patient/*.r")
    await other.get(name, 404)
    await other.get(f"Observation/{shown.strips[0]['id']}/$spectrum", 404)
    both = await confined("p1", scopes="system/Binary.r patient/DiagnosticReport.r")
    await both.get(name, 404)
    both = await confined("p1", scopes="patient/Binary.r system/DiagnosticReport.r")
    await both.get(name, 404)
    both = await confined(PATIENT["id"], scopes="patient/Binary.r system/DiagnosticReport.r")
    await both.get(name)
    for scopes in ("patient/Binary.r", "patient/DiagnosticReport.r"):
        await (await confined(PATIENT["id"], scopes=scopes)).get(name, 403)


def _faked(shown: Exhibit, person: str, system: str = RESULT_SID) -> Json:
    (own,) = (i for i in shown.report["identifier"] if i["system"] == RESULT_SID)
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "mine"},
        "subject": {"reference": f"Patient/{person}"},
        "identifier": [{"system": system, "value": own["value"]}],
    }


async def test_a_result_that_a_client_made_up_opens_nothing(
    client: Client, confined: Confined, shown: Exhibit, database: Database
) -> None:
    """Even one that stands in the store, by whatever way, is no result of the service."""
    await store(database, _faked(shown, "p1") | {"id": "fake"})
    forger = await confined("p1", scopes="patient/*.rs")
    for reader in (client, forger):
        await reader.get("DiagnosticReport/fake")
        for form in ("svg", "pdf", "wfdb", "edf", "dicom", "hl7"):
            await reader.get(f"Binary/fake-{form}", 404)


@pytest.mark.parametrize(
    "system", [RESULT_SID.upper(), RESULT_SID + "/", RESULT_SID + "#", RESULT_SID + "|"]
)
async def test_names_like_ours_open_nothing(
    with_scopes: Scoped, shown: Exhibit, system: str
) -> None:
    writer = with_scopes("system/*.cruds")
    body = _faked(shown, "p1", system)
    made = (await writer.send("POST", "DiagnosticReport", 201, json=body)).json()
    await writer.get(f"Binary/{made['id']}-svg", 404)


@pytest.mark.parametrize("space", [" {}", "{} ", "\t{}", "{}\n"])
async def test_spaces_around_them_are_refused(
    with_scopes: Scoped, shown: Exhibit, space: str
) -> None:
    body = _faked(shown, "p1", space.format(RESULT_SID))
    await with_scopes("system/*.cruds").send("POST", "DiagnosticReport", 422, json=body)


async def test_no_interaction_takes_our_names(with_scopes: Scoped, shown: Exhibit) -> None:
    writer = with_scopes("system/*.cruds")
    plain: dict[str, Any] = _faked(shown, "p1") | {"id": "fake"}
    named = plain.pop("identifier")
    await writer.send("PUT", "DiagnosticReport/fake", 201, json=plain)
    taken = plain | {"identifier": named}
    await writer.send("PUT", "DiagnosticReport/fake", 422, json=taken)
    await writer.send("PUT", "DiagnosticReport?_id=fake", 422, json=taken)
    unborn = taken | {"id": "other"}
    await writer.send("PUT", "DiagnosticReport/other", 422, json=unborn)
    await writer.send("PUT", "DiagnosticReport?identifier=urn:x|y", 422, json=unborn)
    operation = [{"op": "add", "path": "/identifier", "value": named}]
    await writer.send("PATCH", "DiagnosticReport/fake", 422, json=operation, headers=PATCH)
    await writer.send("PATCH", "DiagnosticReport?_id=fake", 422, json=operation, headers=PATCH)
    condition = {"If-None-Exist": "identifier=urn:x|y"}
    await writer.send("POST", "DiagnosticReport", 422, json=taken, headers=condition)
    for method, url in (("POST", "DiagnosticReport"), ("PUT", "DiagnosticReport/fake")):
        entry = {"request": {"method": method, "url": url}, "resource": taken}
        sent = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        await writer.send("POST", f"{BASE}/", 422, json=sent)
    # Within a contained resource they are no name of the report's.
    inner = {"resourceType": "Observation", "id": "in", "status": "final", "code": {"text": "x"},
             "identifier": named}  # fmt: skip
    held = plain | {"contained": [inner], "result": [{"reference": "#in"}]}
    answer = await writer.http.put(f"{BASE}/DiagnosticReport/fake", json=held)
    assert answer.status_code in (200, 422), answer.text
    await writer.get("Binary/fake-svg", 404)
