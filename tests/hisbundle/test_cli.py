"""The command line."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.tokens import KEY_FILE, load_or_create_key, verify
from core.settings import Settings
from hisbundle.cli.simulate import RHYTHMS
from simulator.rhythm import Rhythm
from tests.hisbundle.processes import command


async def test_help_is_quick_and_complete() -> None:
    begun = time.process_time()
    status, out, _ = await command("--help")
    assert status == 0
    assert time.process_time() - begun < 1
    names = (
        "serve demo simulate replay export token quarantine device client migrate train evaluate "
        "fetch settings model"
    )
    assert all(f" {name} " in out for name in names.split())


def test_help_imports_nothing_heavy() -> None:
    look = (
        "import sys, hisbundle.cli; "
        "print([m for m in ('numpy', 'sqlalchemy', 'fastapi', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_settings_lists_every_field_and_masks_secrets(tmp_path: Path) -> None:
    url = "postgresql://me:hush-hush@127.0.0.1/x"
    status, out, _ = await command("settings", data_dir=tmp_path, database_url=url)
    assert status == 0
    assert "hush" not in out
    assert f"HISBUNDLE_DATA_DIR = {tmp_path}\n" in out
    for name, field in Settings.model_fields.items():
        assert f"HISBUNDLE_{name.upper()} = " in out
        assert field.description
        assert field.description in out


async def test_a_wrong_setting_is_named() -> None:
    status, _, err = await command("settings", http_port="many")
    assert status == 2
    assert "HISBUNDLE_HTTP_PORT" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "value"), [("roles", "api"), ("roles", '["apy"]'), ("log_level", "loud")]
)
async def test_a_wrong_value_is_told_by_its_name(name: str, value: str, tmp_path: Path) -> None:
    status, _, err = await command("serve", data_dir=tmp_path, **{name: value})
    assert (status, "Traceback" in err) == (2, False), err
    assert name in err.lower()
    assert f"{name}_0" not in err.lower()


async def test_a_data_folder_that_cannot_be_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for words in (("serve", "--http-port", "0", "--mqtt-port", "0"), ("token",), ("migrate",)):
        status, _, err = await command(*words, data_dir=file)
        assert (status, err.count("\n")) == (2, 1), err
        assert str(file) in err


async def test_a_token_is_signed_with_the_folders_key(tmp_path: Path) -> None:
    status, out, _ = await command("token", "--scope", "system/Patient.rs", data_dir=tmp_path)
    assert status == 0
    caller = verify(load_or_create_key(tmp_path / KEY_FILE), out.strip())
    assert caller.scopes == ("system/Patient.rs",)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


async def test_wrong_arguments_are_told_without_a_traceback(tmp_path: Path) -> None:
    for words in (
        ("simulate", "--rhythm", "polka"),
        ("simulate", "--speed", "slowly"),
        ("train", str(tmp_path / "nowhere")),
    ):
        status, _, err = await command(*words, data_dir=tmp_path)
        assert (status, "Traceback" in err) == (2, False), err


@pytest.mark.parametrize("server", ["http://127.0.0.1:9", "no-url"])
async def test_a_service_that_is_not_there(server: str, tmp_path: Path) -> None:
    status, _, err = await command("simulate", "--server", server, data_dir=tmp_path)
    assert (status, err.count("\n")) == (5, 1), err
    assert server in err


async def test_migrate_works_from_anywhere(database_url: str, tmp_path: Path) -> None:
    status, out, err = await command("migrate", database_url=database_url, data_dir=tmp_path)
    assert (status, out) == (0, "the schema is up to date\n"), err


def test_the_rhythms_in_the_help_are_the_simulators() -> None:
    assert set(RHYTHMS) == {rhythm.value for rhythm in Rhythm}
