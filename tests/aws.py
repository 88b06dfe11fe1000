"""AWS for the tests: credentials of nobody, so that no request can reach a real account."""

import os
from pathlib import Path

import pytest


def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials that only an emulator takes; nothing is read from this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
