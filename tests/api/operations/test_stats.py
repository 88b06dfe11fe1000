"""Statistics against Python's and numpy's, and what is refused."""

import statistics
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from fhir.statistics import STATISTICS
from fhir.values import Json, instant
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import LOINC, START, Client, heart_rate, store, strip

PATH = "Observation/$stats"
DAY = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T23:59:59Z"}


def _asked(*codes: str, period: Json = DAY, **more: Any) -> Json:
    parts: list[Json] = [{"name": "subject", "valueUri": "Patient/p1"}]
    parts += [{"name": "coding", "valueCoding": {"system": LOINC, "code": c}} for c in codes]
    parts += [{"name": "statistic", "valueCode": name} for name in STATISTICS]
    parts.append({"name": "period", "valuePeriod": period})
    parts += [{"name": name, **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": parts}


async def _post(client: Client, body: Json, status: int = 200) -> list[Json]:
    answer = (await client.send("POST", PATH, status, json=body)).json()
    return [part["resource"] for part in answer.get("parameter", ())]


def _values(observation: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in observation["component"]:
        code = part["code"]["coding"][0]["code"]
        name = {"G": "gradient", "T": "intercept"}[part["code"]["text"][0]] if (
            code == "regression") else code  # fmt: skip
        found[name] = part.get("valueInteger", part.get("valueQuantity", {}).get("value"))
    return found


def _expected(times: list[float], values: list[float]) -> dict[str, float]:
    y = np.array(values)
    z = (y - y.mean()) / y.std()
    slope, intercept = np.polyfit(times, y, 1)
    at = {"20-percent": 20, "80-percent": 80, "4-lower": 25, "4-upper": 75, "5-1": 20, "5-2": 40,
          "5-3": 60, "5-4": 80}  # fmt: skip
    return {
        "average": statistics.fmean(values),
        "maximum": max(values),
        "minimum": min(values),
        "count": len(values),
        "total-count": len(values) + 1,
        "median": statistics.median(values),
        "std-dev": statistics.stdev(values),
        "sum": sum(values),
        "variance": statistics.variance(values),
        **{name: float(np.percentile(y, p)) for name, p in at.items()},
        "4-dev": float(np.percentile(y, 75) - np.percentile(y, 25)) / 2,
        "skew": float((z**3).mean()),
        "kurtosis": float((z**4).mean()),
        "gradient": slope,
        "intercept": intercept,
    }


@pytest.mark.parametrize("seed", range(4))
async def test_every_statistic_is_right(client: Client, database: Database, seed: int) -> None:
    random = Random(seed)
    values = [round(random.gauss(80, 15), random.choice([0, 1, 3])) for _ in range(40 + seed)]
    minutes = [random.uniform(0, 1200) for _ in values]
    bodies = [heart_rate(f"h{n}", minute=m, value=1) for n, m in enumerate(minutes)]
    for body, value in zip(bodies, values, strict=True):
        body["valueQuantity"]["value"] = value
    unreadable = heart_rate("none", minute=3)
    del unreadable["valueQuantity"]
    wrong = heart_rate("wrong", value=900) | {"status": "entered-in-error"}
    await store(
        database, *bodies, unreadable, wrong, heart_rate("late", minute=99_999, value=900),
        heart_rate("other", "p2", value=900), strip("s"),
    )  # fmt: skip
    (found,) = await _post(client, _asked("8867-4"))
    hours = [
        (START - datetime(2026, 3, 1, tzinfo=UTC)) / timedelta(hours=1) + m / 60 for m in minutes
    ]
    assert _values(found) == pytest.approx(_expected(hours, values), rel=1e-4)
    assert found["effectivePeriod"] == DAY
    assert found["subject"] == {"reference": "Patient/p1"}


async def test_few_values_leave_statistics_undefined(client: Client, database: Database) -> None:
    await store(database, heart_rate("h", value=72))
    one, none = await _post(client, _asked("8867-4", "1-8"))
    told = _values(one)
    assert {name for name, value in told.items() if value is None} == {
        "std-dev", "variance", "skew", "kurtosis", "gradient", "intercept",
    }  # fmt: skip
    assert told["average"] == told["5-4"] == 72
    assert one["component"][0]["valueQuantity"] == {
        "value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min",
    }  # fmt: skip
    assert {name for name, value in _values(none).items() if value is not None} == {
        "count", "total-count",
    }  # fmt: skip
    reason = none["component"][0]["dataAbsentReason"]["coding"][0]["code"]
    assert reason == "not-a-number"


async def test_by_url_until_now_with_sources(client: Client, database: Database) -> None:
    now = datetime.now(UTC)
    bodies = [heart_rate(f"h{n}", value=70 + n) for n in range(5)]
    for n, body in enumerate(bodies):
        body["effectiveDateTime"] = instant(now - timedelta(minutes=30 * n + 5))
    await store(database, *bodies)
    query = f"subject=Patient/p1&system={LOINC}&code=8867-4&duration=1.5&statistic=average,count"
    answer = (await client.get(f"{PATH}?{query}&include=true&limit=2")).json()["parameter"]
    assert [part["name"] for part in answer] == ["statistics", "source", "source"]
    assert _values(answer[0]["resource"]) == {"average": 71, "count": 3}
    assert [part["resource"]["id"] for part in answer[1:]] == ["h0", "h1"]
    alone = (await client.get(f"{PATH}?{query}&limit=2")).json()["parameter"]
    assert len(alone) == 1


async def test_values_of_two_units_are_refused(client: Client, database: Database) -> None:
    other = heart_rate("o")
    other["valueQuantity"] |= {"unit": "Hz", "code": "Hz"}
    await store(database, heart_rate("h"), other)
    answer = await client.send("POST", PATH, 400, json=_asked("8867-4"))
    assert "/min, Hz" in answer.text


async def test_numbers_beyond_measure(client: Client, database: Database) -> None:
    odd = [heart_rate(f"h{n}", minute=n) for n in range(3)]
    for body, value in zip(odd, (1e60, -1e60, 1e-60), strict=True):
        body["valueQuantity"]["value"] = value
    bound = heart_rate("bound")
    bound["valueQuantity"]["comparator"] = "<"
    await store(database, *odd, bound)
    (found,) = await _post(client, _asked("8867-4"))
    assert _values(found)["count"] == 3
    assert _values(found)["total-count"] == 4


_GOOD = f"subject=Patient/p1&code={LOINC}|1-8&duration=1&statistic=sum"


@pytest.mark.parametrize(
    "query",
    ["", _GOOD.replace("subject=Patient/p1&", ""), _GOOD.replace("Patient/p1", "Device/p1"),
     _GOOD.replace(f"{LOINC}|", ""), _GOOD.replace("&duration=1", ""), f"{_GOOD}&unicorn=1",
     _GOOD.replace("sum", "mode"), _GOOD.replace("&statistic=sum", ""),
     f"{_GOOD}&subject=Patient/p2",
     _GOOD.replace("duration=1", "duration=0"), _GOOD.replace("duration=1", "duration=x"),
     _GOOD.replace("duration=1", "duration=1e59"), f"{_GOOD}&include=maybe",
     f"{_GOOD}&include=true&limit=0", _GOOD.replace("duration=1", "period=2026"),
     "&".join([_GOOD, *(f"code={LOINC}|{n}" for n in range(20))]), f"{_GOOD}&code=%00"],
)  # fmt: skip
async def test_what_is_wrong_is_said(client: Client, query: str) -> None:
    await client.get(f"{PATH}?{query}", 400)


_NO_PERIODS: list[Json] = [
    {}, {"start": 1}, {"end": "x"}, {"id": "x"}, {"start": "2026", "end": "2025"},
]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [{"period": {"valuePeriod": period}} for period in _NO_PERIODS] + [
     {"coding": {"valueCoding": {}}},
     {"coding": {"valueInteger": 1}}, {"subject": {"valueInteger": 1}},
     {"limit": {"valueCode": "a"}}],
)  # fmt: skip
async def test_what_is_wrong_in_parameters_is_said(client: Client, more: Json) -> None:
    body = _asked("1-8", include={"valueBoolean": True})
    replaced = [p for p in body["parameter"] if p["name"] not in more]
    body["parameter"] = replaced + [{"name": name, **value} for name, value in more.items()]
    await client.send("POST", PATH, 400, json=body)


async def test_scopes_bound_what_is_counted(with_scopes: Scoped, database: Database) -> None:
    await store(database, heart_rate("h"))
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    some = with_scopes(f"system/Observation.rs?category={system}|laboratory")
    (found,) = await _post(some, _asked("8867-4", include={"valueBoolean": True}))
    assert _values(found)["total-count"] == 0
    await with_scopes("system/Patient.rs").send("POST", PATH, 403, json=_asked("8867-4"))
