"""Every search that US Core asks for, told apart from what is like it in all but one field."""

from urllib.parse import urlencode

import pytest

from fhir.values import Json, instant, reference
from store.database import Database
from tests.api.support import Client, ids, store
from tests.api.uscore.seeds import BEFORE, NOON, SEEDS, Seed

every_seed = pytest.mark.parametrize("seed", SEEDS.values(), ids=list(SEEDS))
DATES = {"date", "period", "authored"}
# What a date is compared with; whether that of the wanted resource passes, and the decoy's.
COMPARED = [
    (f"gt{BEFORE}", True, False),
    (f"ge{NOON}", True, False),
    (f"lt{NOON}", False, True),
    (f"le{BEFORE}", False, True),
    ("2026-03-01", True, False),
    ("2026-03-01T13:00:00+01:00", True, False),
    ("2026-02-01T12:00:00Z", False, True),
]


def _provenance(seed: Seed) -> Json:
    return {
        "resourceType": "Provenance",
        "id": "origin",
        "target": [reference(seed.type, seed.wanted["id"])],
        "recorded": NOON,
        "agent": [{"who": reference("Device", "d1")}],
    }


@pytest.fixture
async def newer_than(seed: Seed, database: Database) -> str:
    """The seed and all that is like it, stored; when the decoy of _lastUpdated was."""
    decoys = dict(seed.decoys)
    old = decoys.pop("_lastUpdated", {"resourceType": "Device", "id": "old"})
    (stored,) = await store(database, old)
    await store(database, seed.wanted, *decoys.values(), _provenance(seed))
    return instant(stored.last_updated)


def _queries(seed: Seed, search: str, newer_than: str) -> list[list[tuple[str, str]]]:
    """The search with each form of its values."""
    values = {name: seed.fields[name].values or [f"gt{newer_than}"] for name in search.split()}
    forms = max(len(found) for found in values.values())
    return [[(name, v[min(n, len(v) - 1)]) for name, v in values.items()] for n in range(forms)]


@every_seed
async def test_each_combination_finds_what_it_should_and_no_more(
    seed: Seed, client: Client, newer_than: str
) -> None:
    for search in seed.searches:
        for query in _queries(seed, search, newer_than):
            found = await client.ids(f"{seed.type}?{urlencode(query)}&_count=200")
            assert (search, set(found)) == (search, seed.found(search)), query
            assert len(found) == len(set(found))
            form = dict(query) | {"_count": "200"}
            posted = await client.send("POST", f"{seed.type}/_search", 200, data=form)
            assert ids(posted.json()) == found


@every_seed
async def test_provenance_comes_along(seed: Seed, client: Client, newer_than: str) -> None:
    for search in seed.searches:
        query = urlencode(_queries(seed, search, newer_than)[0])
        answer = await client.get(f"{seed.type}?{query}&_revinclude=Provenance:target&_count=200")
        included = [e["resource"] for e in answer.json()["entry"] if e["search"]["mode"] != "match"]
        assert [resource["id"] for resource in included] == ["origin"]


@every_seed
@pytest.mark.usefixtures("newer_than")
async def test_commas_dates_and_no_status(seed: Seed, client: Client) -> None:
    """Alternatives of a code, comparisons of a date; without a status, none is hidden."""
    for name, field in seed.fields.items():
        if field.also is not None:
            found = await _found(seed, client, name, f"{field.values[0]},{field.also}")
            assert {seed.wanted["id"], f"not-{name}"} <= found
    for name in DATES & {*seed.fields}:
        for value, wanted, earlier in COMPARED:
            found = await _found(seed, client, name, value)
            told = (seed.wanted["id"] in found, f"not-{name}" in found)
            assert told == (wanted, earlier), value
    everything = await _found(seed, client, "_count", "200")
    assert {seed.wanted["id"], *(decoy["id"] for decoy in seed.decoys.values())} <= everything


async def _found(seed: Seed, client: Client, name: str, value: str) -> set[str]:
    return set(await client.ids(f"{seed.type}?{urlencode({'_count': '200', name: value})}"))
