"""Random searches give what a plain loop over the same resources gives, in the same order."""

import asyncio
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.codes import Code, concept
from fhir.values import Json, instant
from store.database import Database
from tests.api.support import START, Client, flatten, heart_rate, store

A, B, C = Code("urn:a", "1", "A1", ""), Code("urn:a", "2", "A2", ""), Code("urn:b", "1", "B1", "")
CODES = [A, B, C]
EPOCH = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """What the oracle knows of a resource; times in minutes from START."""

    id: str
    person: str
    codes: tuple[Code, ...]
    status: str
    start: int | None
    minutes: int

    def body(self) -> Json:
        made = heart_rate(self.id, self.person)
        made |= {"code": concept(*self.codes), "status": self.status}
        del made["effectiveDateTime"], made["category"]
        if self.start is not None:
            made["effectivePeriod"] = {
                "start": instant(at(self.start)),
                "end": instant(at(self.start + self.minutes)),
            }
        return made

    @property
    def low(self) -> datetime:
        return EPOCH if self.start is None else at(self.start)

    @property
    def high(self) -> datetime:
        assert self.start is not None
        return at(self.start + self.minutes) + timedelta(milliseconds=1)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


ITEMS = [
    Item(
        f"o{n:02}",
        f"p{n % 3}",
        tuple(code for k, code in enumerate(CODES) if (n // 2 + k) % 3 or n % 5 == 0),
        ("final", "preliminary", "amended")[n % 7 % 3],
        None if n % 11 == 0 else (n * 7) % 30,
        (0, 1, 5, 90)[n % 4],
    )
    for n in range(60)
]

token = st.sampled_from(
    ["1", "2", "3", "urn:a|1", "urn:a|2", "urn:b|1", "urn:b|2", "urn:a|", "|1", "urn:c|"]
)
person = st.sampled_from(["p0", "p1", "p2", "Patient/p1", "p9"])
dates = st.builds(
    lambda prefix, minute, form: prefix + at(minute).strftime(form),
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]),
    st.integers(-5, 130),
    st.sampled_from(["%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:00Z", "%Y-%m-%dT%H:%M:00.000Z"]),
)


def _any_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(",".join)


params = st.one_of(
    st.tuples(st.just("code"), _any_of(token)),
    st.tuples(st.sampled_from(["patient", "subject"]), _any_of(person)),
    st.tuples(st.just("status"), _any_of(st.sampled_from(["final", "amended", "x"]))),
    st.tuples(st.just("date"), _any_of(dates)),
    st.tuples(st.just("_id"), _any_of(st.sampled_from([item.id for item in ITEMS]))),
    st.tuples(st.just("identifier"), st.sampled_from([f"urn:test|o0{n}" for n in range(10)])),
)
sorts = st.lists(st.sampled_from(["date", "_id"]), max_size=2, unique=True).flatmap(
    lambda keys: st.tuples(*[st.sampled_from([key, "-" + key]) for key in keys])
)


def oracle(pairs: list[tuple[str, str]], sort: tuple[str, ...]) -> list[str]:
    found = [item for item in ITEMS if all(_holds(item, *pair) for pair in pairs)]
    keys = list(sort or ("-date",))
    if "_id" not in [key.strip("-") for key in keys]:
        keys.append("-_id" if keys[-1].startswith("-") else "_id")
    for key in reversed(keys):
        found.sort(key=_key(key), reverse=key.startswith("-"))
    return [item.id for item in found]


def _key(name: str) -> Any:
    return (lambda item: item.id) if name.endswith("_id") else (lambda item: item.low)


def _holds(item: Item, name: str, value: str) -> bool:
    return any(_single(item, name, part) for part in value.split(","))


def _single(item: Item, name: str, value: str) -> bool:
    match name:
        case "code":
            system, bar, code = value.rpartition("|")
            return any(
                (not code or c.code == code) and (not bar or c.system == system) for c in item.codes
            )
        case "patient" | "subject":
            return value.removeprefix("Patient/") == item.person
        case "status":
            return value == item.status
        case "date":
            return item.start is not None and _dated(item, value)
        case "identifier":
            return value == f"urn:test|{item.id}"
        case _:
            return value == item.id


def _dated(item: Item, value: str) -> bool:
    prefix = value[:2] if value[0].isalpha() else "eq"
    text = value.removeprefix(prefix)
    low = datetime.fromisoformat(text)
    width = {17: 60_000, 20: 1000, 24: 1}[len(text)]
    high = low + timedelta(milliseconds=width)
    within = low <= item.low and item.high <= high
    return {
        "eq": within,
        "ne": not within,
        "gt": item.high > high,
        "lt": item.low < low,
        "ge": item.high > high or within,
        "le": item.low < low or within,
        "sa": item.low >= high,
        "eb": item.high <= low,
    }[prefix]


@pytest.fixture
async def filled(database: Database) -> None:
    await store(database, *(item.body() for item in ITEMS))


def _run(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)


@pytest.mark.usefixtures("filled")
async def test_random_searches_equal_the_oracle(client: Client) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(params, max_size=4), sorts, st.integers(9, 70))
    def check(pairs: list[tuple[str, str]], sort: tuple[str, ...], count: int) -> None:
        sent = [*pairs, ("_count", str(count))] + ([("_sort", ",".join(sort))] if sort else [])
        pages = _run(loop, client.pages(f"Observation?{urlencode(sent)}"))
        assert flatten(pages) == oracle(pairs, sort)

    await asyncio.to_thread(check)


names = st.sampled_from(
    ["_id", "_lastUpdated", "code", "combo-code", "date", "patient", "device", "identifier",
     "value-quantity", "value-string:contains", "value-string:exact", "code:text", "code:not",
     "date:missing", "subject:identifier", "subject:Patient.identifier", "patient.name",
     "_has:Observation:patient:code", "_has:Observation:device:value-quantity", "code:in",
     "_sort", "_count", "_total", "_summary", "_elements", "_include", "_revinclude",
     "_include:iterate", "_pretty", "_format", "_cursor", "name", "x:y"]
)  # fmt: skip
texts = st.one_of(
    st.builds(
        "{}:{}".format,
        st.sampled_from(["Observation", "Flag", "Patient"]),
        st.sampled_from(["subject", "patient", "device", "*", "link", "x", ""]),
    ),
    st.text(max_size=20),
    st.text(string.printable + "|,\\$:", max_size=12),
    st.builds("{}{}".format, st.sampled_from(["gt", "ap", "ne", "-", "a|"]), st.text(max_size=10)),
    st.sampled_from(["1e400", "-1e-400", "9" * 500, "0000", "ap0000-01-01", "72||", "|||",
                     "," * 900, "1" * 60 + "e60", "\U0001f493" * 999, "%", "_", "\\", "é" * 5000]),
    st.from_regex(r"(ap|gt|eb)?[0-9]{4}(-[0-9]{2}){0,2}(T[0-9]{2}:[0-9]{2}Z)?", fullmatch=True),
)  # fmt: skip


@pytest.mark.usefixtures("filled")
async def test_no_query_makes_an_error_of_ours(client: Client) -> None:
    loop = asyncio.get_running_loop()

    async def ask(kind: str, pairs: list[tuple[str, str]], raw: bytes) -> int:
        query = f"{urlencode(pairs)}&{quote_from_bytes(raw, safe='&=%+;')}"
        return (await client.http.get(f"/fhir/{kind}?{query}")).status_code

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["Observation", "Patient", "Flag", "Observation/o01", "Device/x/_history"]),
        st.lists(st.tuples(names, texts), max_size=3),
        st.binary(max_size=6),
    )
    def check(kind: str, pairs: list[tuple[str, str]], raw: bytes) -> None:
        assert _run(loop, ask(kind, pairs, raw)) in (200, 400, 404, 406)

    await asyncio.to_thread(check)
