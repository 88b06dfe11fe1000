"""The scopes that US Core asks for, each alone, and where a client finds them."""

import pytest

from fhir.codes import Code, concept
from fhir.values import Json
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import Client, heart_rate, store
from tests.api.uscore.seeds import DOCUMENT, SEEDS

SEED_OF = {seed.type: seed for seed in SEEDS.values()}
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_US_CORE = "http://hl7.org/fhir/us/core/CodeSystem"
GRANULAR = [
    ("Observation", _CATEGORY, "vital-signs"),
    ("Observation", _CATEGORY, "laboratory"),
    ("Observation", _CATEGORY, "survey"),
    ("Observation", _CATEGORY, "social-history"),
    ("Observation", f"{_US_CORE}/us-core-category", "sdoh"),
    ("DocumentReference", f"{_US_CORE}/us-core-documentreference-category", "clinical-note"),
]


@pytest.mark.parametrize("type_", [*SEED_OF, "Provenance"])
async def test_a_scope_for_each_type_opens_that_type_alone(
    type_: str, with_scopes: Scoped, database: Database
) -> None:
    client = with_scopes(f"system/{type_}.rs")
    if type_ in SEED_OF:
        wanted = SEED_OF[type_].wanted
        await store(database, wanted)
        await client.get(f"{type_}/{wanted['id']}")
        assert await client.ids(type_) == [wanted["id"]]
    await client.get(type_)
    await client.get("Flag", 403)


@pytest.mark.parametrize(("type_", "system", "code"), GRANULAR)
async def test_a_granular_scope_shows_its_category_alone(
    type_: str, system: str, code: str, with_scopes: Scoped, database: Database
) -> None:
    base: Json = DOCUMENT.wanted if type_ == "DocumentReference" else heart_rate("o")
    category = {"category": [concept(Code(system, code, code, ""))]}
    other = {"category": [concept(Code(system, "other", "Other", ""))]}
    await store(database, base | category | {"id": "shown"}, base | other | {"id": "hidden"})
    client = with_scopes(f"system/{type_}.rs?category={system}|{code}")
    assert await client.ids(type_) == ["shown"]
    await client.get(f"{type_}/shown")
    await client.get(f"{type_}/hidden", 404)


async def test_the_configuration_names_scopes_and_introspection(stranger: Client) -> None:
    said = (await stranger.http.get("/fhir/.well-known/smart-configuration")).json()
    assert {f"system/{name}.rs" for name in SEED_OF} <= set(said["scopes_supported"])
    assert {"permission-v1", "permission-v2"} <= set(said["capabilities"])
    assert said["introspection_endpoint"].endswith("/auth/introspect")
