"""Random $lastn over random Observations give what a plain loop over all of them gives."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.codes import PROCEDURE, VITAL_SIGNS, Code, concept
from fhir.search.indexing import draft
from fhir.values import Json, instant
from store.database import Database
from store.resources import Draft, put_many
from tests.api.support import START, Client, heart_rate

CODES = [
    Code(f"urn:{system}", code, f"{system}{code}", "")
    for system, code in ("a1", "a2", "b1", "b3", "c4")
]
CATEGORIES = {"vital-signs": VITAL_SIGNS, "procedure": PROCEDURE}
_ids = count()


@dataclass(frozen=True)
class Item:
    """An Observation as the oracle knows it; without codes it has a text."""

    id: str
    codes: tuple[Code, ...]
    text: str
    categories: tuple[str, ...]
    status: str
    minute: int

    def body(self, person: str) -> Json:
        code = concept(*self.codes, text=self.text) if self.codes else {"text": self.text}
        made = heart_rate(f"{person}-{self.id}", person) | {"code": code, "status": self.status}
        made["category"] = [concept(CATEGORIES[name]) for name in self.categories]
        made["effectiveDateTime"] = instant(START + timedelta(minutes=self.minute))
        return {name: value for name, value in made.items() if value != []}

    @property
    def names(self) -> list[tuple[str, str]]:
        return [(c.system, c.code) for c in self.codes] or [("text", self.text)]


items = st.builds(
    Item,
    st.sampled_from([f"o{n:02}" for n in range(25)]),
    st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple),
    st.sampled_from(["Pulse", "pulse", "Rate"]),
    st.lists(st.sampled_from(list(CATEGORIES)), max_size=2, unique=True).map(tuple),
    st.sampled_from(["final", "amended", "entered-in-error"]),
    st.integers(0, 12),
)
writes = st.lists(
    st.one_of(items, items, items, items.map(lambda i: i.id)), min_size=1, max_size=40
)
tokens = st.sampled_from(["1", "3", "urn:a|1", "urn:b|1", "urn:a|2", "urn:b|", "urn:x|1"])
asked = st.tuples(
    st.one_of(
        st.tuples(st.just("category"), st.sampled_from([*CATEGORIES, "vital-signs,procedure"])),
        st.tuples(st.just("code"), st.lists(tokens, min_size=1, max_size=2).map(",".join)),
        st.tuples(st.just("category:not"), st.just("procedure")),
    ),
    st.lists(
        st.one_of(
            st.tuples(st.just("status"), st.sampled_from(["final", "final,amended"])),
            st.tuples(st.just("code"), tokens),
            st.tuples(st.just("code:not"), tokens),
            st.tuples(st.just("category"), st.sampled_from([*CATEGORIES])),
            st.tuples(
                st.sampled_from(["ge", "lt"]).map(lambda p: f"date:{p}"),
                st.integers(0, 12).map(str),
            ),
        ),
        max_size=2,
    ),
    st.integers(1, 4),
)  # fmt: skip


def oracle(found: Sequence[Item], pairs: Sequence[tuple[str, str]], most: int) -> list[str]:
    """Groups by closing over shared codes until nothing changes."""
    left = [item for item in found if all(_holds(item, *pair) for pair in pairs)]
    groups: list[tuple[set[tuple[str, str]], list[Item]]] = []
    for item in left:
        names, members = set(item.names), [item]
        for group in [g for g in groups if g[0] & names]:
            groups.remove(group)
            names, members = names | group[0], members + group[1]
        groups.append((names, members))
    kept: list[Item] = []
    for _, members in groups:
        edge = sorted((m.minute for m in members), reverse=True)[:most][-1]
        kept += [m for m in members if m.minute >= edge]
    return [item.id for item in sorted(kept, key=lambda m: (m.minute, m.id), reverse=True)]


def _holds(item: Item, name: str, value: str) -> bool:
    plain, _, modifier = name.partition(":")
    if plain == "date":
        return item.minute >= int(value) if modifier == "ge" else item.minute < int(value)
    values = value.split(",")
    if plain == "status":
        return item.status in values
    if plain == "category":
        found = bool(set(item.categories) & set(values))
    else:
        found = any(_is(code, wanted) for code in item.codes for wanted in values)
    return not found if modifier == "not" else found


def _is(code: Code, wanted: str) -> bool:
    system, bar, name = wanted.rpartition("|")
    return (not name or code.code == name) and (not bar or code.system == system)


def _sent(name: str, value: str) -> tuple[str, str]:
    plain, _, modifier = name.partition(":")
    if plain == "date":
        return "date", modifier + instant(START + timedelta(minutes=int(value)))
    return name, value


async def test_random_lastn_equal_the_oracle(client: Client, database: Database) -> None:
    loop = asyncio.get_running_loop()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    async def written(person: str, told: Sequence[Item | str]) -> list[Item]:
        there: dict[str, Item] = {}
        for number, one in enumerate(told):
            async with database.transaction() as tx:
                if isinstance(one, str):
                    there.pop(one, None)
                    await put_many(tx, [Draft("Observation", f"{person}-{one}", None)])
                else:
                    there[one.id] = one
                    # The note makes it a new version even where nothing else has changed.
                    body = one.body(person) | {"note": [{"text": f"write {number}"}]}
                    await put_many(tx, [draft(body)])
        return [replace(item, id=f"{person}-{item.id}") for item in there.values()]

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(writes, st.lists(asked, min_size=4, max_size=8))
    def check(told: list[Item | str], queries: list[Any]) -> None:
        person = f"p{next(_ids)}"
        there = run(written(person, told))
        for first, more, most in queries:
            pairs = list(dict.fromkeys([first, *more]))
            sent = [("patient", person), *(_sent(*pair) for pair in pairs), ("max", str(most))]
            got = run(client.ids(f"Observation/$lastn?{urlencode(sent)}"))
            assert got == oracle(there, pairs, most), sent

    await asyncio.to_thread(check)
