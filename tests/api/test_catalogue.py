from urllib.parse import quote

import pytest

from fhir.codes import LOCAL
from fhir.profiles.catalogue import TYPES, catalogue
from tests.api.conftest import Scoped
from tests.api.support import Client, ids


@pytest.mark.parametrize("type_", TYPES)
async def test_each_is_read_and_found(client: Client, type_: str) -> None:
    assert set(await client.ids(f"{type_}?_total=accurate")) == set(catalogue()[type_])
    for name, resource in catalogue()[type_].items():
        assert (await client.get(f"{type_}/{name}")).json() == resource
        assert await client.ids(f"{type_}?url={quote(resource['url'])}") == [name]
        found = await client.send("POST", f"{type_}/_search", 200, data={"url": resource["url"]})
        assert ids(found.json()) == [name]


async def test_commas_mean_or(client: Client) -> None:
    assert await client.ids("ValueSet?_id=beats,alert-kind") == ["alert-kind", "beats"]
    assert await client.ids("ValueSet?status=draft,active&name=beat,nobody") == [
        "beat-verdict",
        "beats",
    ]


async def test_what_is_wrong_is_said(client: Client, with_scopes: Scoped) -> None:
    await client.get("CodeSystem/nothing", 404)
    await client.get("CodeSystem?unicorn=1", 400)
    await client.get("CodeSystem?url=a&url=b", 400)
    await client.get("CodeSystem?unicorn=1", headers={"Prefer": "handling=lenient"})
    await with_scopes("system/Patient.rs").get(f"CodeSystem?url={LOCAL}", 403)
    await with_scopes("system/CodeSystem.s").get(f"CodeSystem?url={LOCAL}")


async def test_value_sets_that_are_served_are_searched(client: Client) -> None:
    for resource in catalogue()["ValueSet"].values():
        await client.get(f"Observation?code:in={resource['url']}")
        await client.get(f"Observation?code:in={resource['url']}|{resource['version']}")
        await client.get(f"Observation?code:in={resource['url']}|0", 400)
