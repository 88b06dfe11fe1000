"""What this service publishes keeps the rules of its own profiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from fhir.profiles.rules import Profile, Rule
from fhir.profiles.structures import PROFILES
from fhir.values import Json

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "ecg-strip": ["observation-strip", "observation-strip-incomplete"],
    "ecg-heart-rate": ["observation-heart-rate", "observation-heart-rate-absent"],
    "ecg-beats": ["observation-beats", "observation-beats-absent"],
    "ecg-signal-quality": ["observation-quality", "observation-quality-unreadable"],
    "ecg-monitoring-summary": ["observation-summary"],
    "ecg-monitoring-report": ["diagnosticreport-final", "diagnosticreport-partial"],
    "ecg-alert": ["flag-active", "flag-inactive"],
}
CASES = [(profile, name) for profile in PROFILES for name in FILES[profile.id]]


def parents(node: Any, path: list[str]) -> Iterator[Any]:
    """The nodes that have, or should have, the last name of ``path``."""
    if len(path) == 1:
        yield node
        return
    found = node.get(path[0], [])
    for inner in found if isinstance(found, list) else [found]:
        yield from parents(inner, path[1:])


def values(node: Json, name: str, type_: str | None) -> list[Any]:
    key = name.replace("[x]", (type_ or "")[:1].upper() + (type_ or "")[1:])
    found = node.get(key, [])
    return found if isinstance(found, list) else [found]


def contains(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return all(name in value and contains(value[name], p) for name, p in pattern.items())
    if isinstance(pattern, list):
        return all(any(contains(each, p) for each in value) for p in pattern)
    return bool(value == pattern)


def broken(resource: Json, rule: Rule) -> list[str]:
    path = rule.path.split(".")[1:]
    wrong = []
    for parent in parents(resource, path):
        found = values(parent, path[-1], rule.type)
        if len(found) < rule.least or (rule.most and len(found) > int(rule.most)):
            wrong.append(f"{rule.path}: {len(found)} times")
        if rule.pattern is not None and not all(contains(v, rule.pattern) for v in found):
            wrong.append(f"{rule.path}: not as its pattern")
    return wrong


@pytest.mark.parametrize(("profile", "name"), CASES, ids=lambda v: getattr(v, "id", v))
def test_what_is_published_keeps_its_profile(profile: Profile, name: str) -> None:
    resource = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
    assert resource["resourceType"] == profile.type
    assert [wrong for rule in profile.rules for wrong in broken(resource, rule)] == []


def test_a_broken_rule_is_found() -> None:
    resource = orjson.loads((GOLDEN / "observation-strip.json").read_bytes())
    (strip,) = (profile for profile in PROFILES if profile.id == "ecg-strip")
    for name in ("identifier", "code", "subject", "effectivePeriod", "device", "component"):
        less = {key: value for key, value in resource.items() if key != name}
        less.setdefault("code", {"coding": []}) if name == "code" else None
        assert [wrong for rule in strip.rules for wrong in broken(less, rule)]
