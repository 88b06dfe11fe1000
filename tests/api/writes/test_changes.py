"""update, patch and delete of what clients have made."""

import asyncio
from typing import Any

import httpx
import pytest

from fhir.values import Json
from store import devices, wearing
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, START, Client, heart_rate, patient
from tests.fhir.samples import DEVICE

FHIR = {"Content-Type": "application/fhir+json"}
PATCH = {"Content-Type": "application/json-patch+json"}
P1 = patient("p1", gender="female")


async def put(client: Client, body: Json, status: int, **headers: str) -> httpx.Response:
    path = f"{body['resourceType']}/{body['id']}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.send("PUT", path, status, json=body, headers=FHIR | named)


async def patch(client: Client, status: int, *operations: Json, path: str = "Patient/p1") -> Any:
    return (await client.send("PATCH", path, status, json=operations, headers=PATCH)).json()


class TestUpdate:
    async def test_as_create_and_then_as_update(self, writer: Client) -> None:
        first = await put(writer, P1, 201)
        assert first.headers["location"] == f"{BASE}/Patient/p1/_history/1"
        second = await put(writer, P1 | {"gender": "male"}, 200)
        assert second.json()["meta"]["versionId"] == "2"
        assert "location" not in second.headers
        same = await put(writer, P1 | {"gender": "male"}, 200)
        assert same.headers["etag"] == 'W/"2"'
        assert (await writer.get("Patient/p1/_history/1")).json() == first.json()

    async def test_if_match(self, writer: Client) -> None:
        await put(writer, P1, 412, If_Match='W/"1"')
        await put(writer, P1, 412, If_Match="*")
        await put(writer, P1, 201)
        for tag, status in (('W/"2"', 412), ('"abc"', 412), ("1", 400), ("", 400), ('"1', 400)):
            await put(writer, P1, status, If_Match=tag)
        await put(writer, P1, 412, If_None_Match="*")
        await put(writer, P1 | {"gender": "male"}, 200, If_Match='W/"1"')
        await put(writer, P1, 200, If_Match='W/"9", "2"')
        await put(writer, P1, 200, If_Match="*")

    async def test_of_twenty_with_one_tag_one_wins(self, writer: Client) -> None:
        await put(writer, P1, 201)

        async def race(number: int) -> int:
            sent = P1 | {"name": [{"text": f"name {number}"}]}
            headers = FHIR | {"If-Match": 'W/"1"'}
            answer = await writer.http.put(f"{BASE}/Patient/p1", json=sent, headers=headers)
            return answer.status_code

        statuses = await asyncio.gather(*(race(number) for number in range(20)))
        assert sorted(statuses) == [200] + [412] * 19

    async def test_ids_must_agree(self, writer: Client) -> None:
        for sent in (P1 | {"id": "p2"}, {"resourceType": "Patient"}):
            await writer.send("PUT", "Patient/p1", 400, json=sent, headers=FHIR)
        await writer.send("PUT", "Device/p1", 400, json=P1, headers=FHIR)
        await writer.send("PUT", "Patient/a_b", 404, json=P1 | {"id": "a_b"}, headers=FHIR)

    async def test_by_criteria(self, writer: Client) -> None:
        path = "Patient?identifier=urn:oid:1.2.36.146|MRN-p1"
        sent = {name: value for name, value in P1.items() if name != "id"}
        first = await writer.send("PUT", path, 201, json=sent, headers=FHIR)
        name = first.json()["id"]
        second = await writer.send("PUT", path, 200, json=sent | {"active": True}, headers=FHIR)
        assert second.json()["id"] == name
        await writer.send("PUT", path, 200, json=sent | {"id": name}, headers=FHIR)
        await writer.send("PUT", path, 400, json=sent | {"id": "x"}, headers=FHIR)
        await writer.send("POST", "Patient", 201, json=sent, headers=FHIR)
        await writer.send("PUT", path, 412, json=sent, headers=FHIR)
        await writer.send("PUT", "Patient", 400, json=sent, headers=FHIR)
        other = "Patient?identifier=none"
        await writer.send("PUT", other, 409, json=sent | {"id": name}, headers=FHIR)
        await writer.send("PUT", other, 201, json=sent | {"id": "fresh"}, headers=FHIR)

    async def test_scopes(self, writer: Client, with_scopes: Scoped) -> None:
        await put(with_scopes("system/*.crds"), P1, 403)
        only_update = with_scopes("system/Patient.u")
        await put(only_update, P1, 201)  # SMART: the update scope covers update as create
        shown = await put(only_update, P1 | {"gender": "male"}, 200)
        assert shown.json()["gender"] == "male"
        headers = FHIR | {"Prefer": "return=minimal"}
        path = "Patient?identifier=MRN-p1"
        await only_update.send("PUT", path, 403, json=P1, headers=headers)


class TestPatch:
    @pytest.fixture(autouse=True)
    async def there(self, writer: Client) -> None:
        await put(writer, P1, 201)

    async def test_operations(self, writer: Client) -> None:
        made = await patch(
            writer,
            200,
            {"op": "test", "path": "/gender", "value": "female"},
            {"op": "replace", "path": "/gender", "value": "male"},
            {"op": "add", "path": "/name", "value": [{"family": "Doe"}]},
            {"op": "copy", "from": "/name/0", "path": "/name/-"},
            {"op": "remove", "path": "/name/0"},
        )
        assert (made["gender"], made["name"]) == ("male", [{"family": "Doe"}])
        assert made["meta"]["versionId"] == "2"

    @pytest.mark.parametrize(
        ("operation", "status"),
        [
            ({"op": "test", "path": "/gender", "value": "male"}, 422),
            ({"op": "remove", "path": "/name"}, 422),
            ({"op": "replace", "path": "/id", "value": "p2"}, 422),
            ({"op": "replace", "path": "/resourceType", "value": "Device"}, 400),
            ({"op": "replace", "path": "/gender", "value": 5}, 422),
            ({"op": "replace", "path": "", "value": []}, 422),
            ({"op": "add", "path": "/gender/x", "value": 1}, 422),
            ({"op": "add", "path": "name", "value": 1}, 422),
            ({"op": "fly", "path": "/name"}, 400),
            ({"path": "/name"}, 400),
            ("remove", 400),
        ],
    )
    async def test_what_does_not_go(self, writer: Client, operation: Any, status: int) -> None:
        await patch(writer, status, operation)
        assert (await writer.get("Patient/p1")).json()["meta"]["versionId"] == "1"

    async def test_it_is_bounded(self, writer: Client) -> None:
        await patch(writer, 400, *([{"op": "test", "path": "/id", "value": "p1"}] * 201))
        doubling = [{"op": "copy", "from": "", "path": f"/x{n}"} for n in range(40)]
        await patch(writer, 422, *doubling)
        headers = PATCH | {"Content-Type": "application/merge-patch+json"}
        answer = await writer.send("PATCH", "Patient/p1", 415, json=[], headers=headers)
        assert answer.headers["accept-patch"] == PATCH["Content-Type"]
        await writer.send("PATCH", "Patient/p1", 400, json={}, headers=PATCH)

    async def test_version_and_place(self, writer: Client) -> None:
        none: list[Json] = []
        stale = PATCH | {"If-Match": 'W/"2"'}
        await writer.send("PATCH", "Patient/p1", 412, json=none, headers=stale)
        await patch(writer, 404, path="Patient/p9")
        await patch(writer, 200, path="Patient?identifier=MRN-p1")
        await patch(writer, 404, path="Patient?identifier=none")
        await writer.send("DELETE", "Patient/p1", 204)
        await patch(writer, 410)

    async def test_who_may_not_read_is_shown_nothing(self, with_scopes: Scoped) -> None:
        client = with_scopes("system/Patient.u")
        change = [{"op": "add", "path": "/active", "value": True}]
        answer = await client.send("PATCH", "Patient/p1", 200, json=change, headers=PATCH)
        assert answer.content == b""


class TestDelete:
    async def test_it_is_gone_and_its_past_stays(self, writer: Client) -> None:
        await put(writer, P1, 201)
        answer = await writer.send("DELETE", "Patient/p1", 204)
        assert (answer.content, answer.headers["etag"]) == (b"", 'W/"2"')
        await writer.send("DELETE", "Patient/p1", 204)
        await writer.send("DELETE", "Patient/never", 204)
        await writer.get("Patient/p1", 410)
        await writer.get("Patient/p1/_history/1")
        assert await writer.ids("Patient") == []
        assert (await put(writer, P1, 201)).json()["meta"]["versionId"] == "3"

    async def test_if_match_and_preference(self, writer: Client) -> None:
        await put(writer, P1, 201)
        await writer.send("DELETE", "Patient/p1", 412, headers={"If-Match": 'W/"2"'})
        headers = {"If-Match": 'W/"1"', "Prefer": "return=OperationOutcome"}
        await writer.send("DELETE", "Patient/p1", 200, headers=headers)

    async def test_by_criteria(self, writer: Client) -> None:
        await put(writer, P1, 201)
        await writer.send("DELETE", "Patient?identifier=none", 204)
        await writer.send("DELETE", "Patient?identifier=MRN-p1", 204)
        await writer.get("Patient/p1", 410)
        await writer.send("DELETE", "Patient", 400)

    async def test_what_others_refer_to_stays(self, writer: Client, with_scopes: Scoped) -> None:
        await put(writer, P1, 201)
        await put(writer, {"resourceType": "Device", "id": "d1"}, 201)
        await put(writer, heart_rate("o1"), 201)
        for path in ("Patient/p1", "Device/d1"):
            told = (await writer.send("DELETE", path, 409)).json()["issue"][0]["diagnostics"]
            assert "Observation/o1" in told
        blind = with_scopes("system/Patient.d")
        told = (await blind.send("DELETE", "Patient/p1", 409)).json()["issue"][0]["diagnostics"]
        assert "Observation" not in told
        await writer.send("DELETE", "Observation/o1", 204)
        await writer.send("DELETE", "Patient/p1", 204)

    async def test_who_wears_a_device_stays_and_so_does_the_device(
        self, writer: Client, database: Database
    ) -> None:
        recorder: Json = {"resourceType": "Device", "id": str(DEVICE)}
        await put(writer, P1, 201)
        await put(writer, recorder, 201)
        async with database.transaction() as tx:
            await devices.hold(tx, DEVICE)
            await wearing.put_on(tx, DEVICE, "p1", START)
        await writer.send("DELETE", "Patient/p1", 409)
        await writer.send("DELETE", f"Device/{DEVICE}", 409)
        worn = recorder | {"patient": {"reference": "Patient/p1"}}
        await put(writer, worn, 422)
        await put(writer, recorder | {"serialNumber": "7"}, 200)

    async def test_scope(self, with_scopes: Scoped) -> None:
        await with_scopes("system/*.crus").send("DELETE", "Patient/p1", 403)
