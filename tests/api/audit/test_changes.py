"""Changes by clients, as an auditor reads them: of whom, by whom, and to which version."""

from typing import Any

import pytest

from tests.api.audit.support import events, patients, roles
from tests.api.audit.test_events import BALP
from tests.api.conftest import Scoped
from tests.api.support import heart_rate, patient

FHIR = {"Content-Type": "application/fhir+json"}
_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.mark.parametrize(
    ("body", "whose"),
    [(patient("p1"), "Patient/p1"), ({"resourceType": "Location", "id": "x"}, None)],
)
async def test_each_change_is_an_event_of_its_profile(
    with_scopes: Scoped, body: dict[str, Any], whose: str | None
) -> None:
    client = with_scopes("system/*.cruds", "system/AuditEvent.rs")
    path = f"{body['resourceType']}/{body['id']}"
    await client.send("PUT", path, 201, json=body, headers=FHIR)
    await client.send("PUT", path, 200, json=body | {"language": "en"}, headers=FHIR)
    change = [{"op": "replace", "path": "/language", "value": "de"}]
    await client.send("PATCH", path, 200, json=change, headers=_PATCH)
    await client.send("DELETE", path, 204)
    done = [e for e in await events(client) if e.get("outcome") == "0"]
    prefix = f"{BALP}.Patient" if whose else f"{BALP}."
    told = [(e["subtype"][0]["code"], e["action"], e["meta"]["profile"][0]) for e in done]
    assert [patients(event) for event in done] == [[whose] if whose else []] * 4
    assert told == [
        ("update", "U", f"{prefix}Update"),
        ("update", "U", f"{prefix}Update"),
        ("patch", "U", f"{prefix}Update"),
        ("delete", "D", f"{prefix}Delete"),
    ]
    assert roles(done[0]) == {"client": "110153", "server": "110152"}


async def test_a_creation_is_an_event_of_the_patient(with_scopes: Scoped) -> None:
    client = with_scopes("system/*.cruds", "system/AuditEvent.rs")
    await client.send("PUT", "Patient/p1", 201, json=patient("p1"), headers=FHIR)
    rate = heart_rate("x")
    del rate["device"]
    await client.send("POST", "Observation", 201, json=rate, headers=FHIR)
    event = (await events(client))[-1]
    assert event["meta"]["profile"] == [f"{BALP}.PatientCreate"]
    assert (event["action"], event["subtype"][0]["code"]) == ("C", "create")
    assert patients(event) == ["Patient/p1"]
