"""What this service publishes keeps the rules of its own profiles."""

from pathlib import Path

import orjson
import pytest

from fhir.profiles.check import broken
from fhir.profiles.rules import Profile
from fhir.profiles.structures import PROFILES

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "ecg-strip": ["observation-strip", "observation-strip-incomplete"],
    "ecg-heart-rate": ["observation-heart-rate", "observation-heart-rate-absent"],
    "ecg-beats": ["observation-beats", "observation-beats-absent"],
    "ecg-rhythm": ["observation-rhythm", "observation-rhythm-none"],
    "ecg-signal-quality": ["observation-quality", "observation-quality-unreadable"],
    "ecg-monitoring-summary": ["observation-summary"],
    "ecg-monitoring-report": ["diagnosticreport-final", "diagnosticreport-partial"],
    "ecg-alert": ["flag-active", "flag-inactive"],
}
CASES = [(profile, name) for profile in PROFILES for name in FILES[profile.id]]


@pytest.mark.parametrize(("profile", "name"), CASES, ids=lambda v: getattr(v, "id", v))
def test_what_is_published_keeps_its_profile(profile: Profile, name: str) -> None:
    resource = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
    assert resource["resourceType"] == profile.type
    assert list(broken(resource, profile)) == []


def test_a_broken_rule_is_found() -> None:
    resource = orjson.loads((GOLDEN / "observation-strip.json").read_bytes())
    (strip,) = (profile for profile in PROFILES if profile.id == "ecg-strip")
    for name in ("identifier", "code", "subject", "effectivePeriod", "device", "component"):
        less = {key: value for key, value in resource.items() if key != name}
        less.setdefault("code", {"coding": []}) if name == "code" else None
        assert list(broken(less, strip))
