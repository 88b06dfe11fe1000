"""What this service publishes keeps the rules of its own profiles."""

from pathlib import Path

import orjson
import pytest

from fhir.codes import ALARM
from fhir.profiles.check import broken
from fhir.profiles.extensions import extensions
from fhir.profiles.rules import Profile
from fhir.profiles.structures import PROFILES

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "ecg-strip": ["observation-strip", "observation-strip-incomplete"],
    "ecg-heart-rate": [
        "observation-heart-rate",
        "observation-heart-rate-absent",
        "observation-heart-rate-high",
    ],
    "ecg-beats": ["observation-beats", "observation-beats-absent"],
    "ecg-rhythm": ["observation-rhythm", "observation-rhythm-none"],
    "ecg-signal-quality": ["observation-quality", "observation-quality-unreadable"],
    "ecg-monitoring-summary": ["observation-summary"],
    "ecg-monitoring-report": ["diagnosticreport-final", "diagnosticreport-partial"],
    "ecg-alert": ["flag-active", "flag-inactive", "flag-acknowledged", "flag-silent"],
    "ecg-alert-task": ["task-requested", "task-accepted"],
    "ecg-alert-message": ["communication-completed", "communication-in-progress"],
    "ecg-alarm-limits": ["goal-alarm-limits"],
}
CASES = [(profile, name) for profile in PROFILES for name in FILES[profile.id]]


@pytest.mark.parametrize(("profile", "name"), CASES, ids=lambda v: getattr(v, "id", v))
def test_what_is_published_keeps_its_profile(profile: Profile, name: str) -> None:
    resource = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
    assert resource["resourceType"] == profile.type
    assert list(broken(resource, profile)) == []


def test_the_life_of_an_alert_is_told_as_its_definition_says() -> None:
    (defined,) = (e for e in extensions() if e["url"] == ALARM)
    elements = {e["id"]: e for e in defined["differential"]["element"]}
    for name in ("flag-active", "flag-acknowledged", "flag-withdrawn"):
        flag = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
        (life,) = (e for e in flag["extension"] if e["url"] == ALARM)
        for part in life["extension"]:
            (type_,) = elements[f"Extension.extension:{part['url']}.value[x]"]["type"]
            assert f"value{type_['code'][0].upper()}{type_['code'][1:]}" in part
        told = {part["url"] for part in life["extension"]}
        slices = [e for e in elements.values() if "sliceName" in e]
        assert told >= {e["sliceName"] for e in slices if e["min"] == 1}


def test_a_broken_rule_is_found() -> None:
    resource = orjson.loads((GOLDEN / "observation-strip.json").read_bytes())
    (strip,) = (profile for profile in PROFILES if profile.id == "ecg-strip")
    for name in ("identifier", "code", "subject", "effectivePeriod", "device", "component"):
        less = {key: value for key, value in resource.items() if key != name}
        less.setdefault("code", {"coding": []}) if name == "code" else None
        assert list(broken(less, strip))
