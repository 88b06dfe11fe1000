"""``hisbundle model`` as an administrator uses it, from a first deploy to the endpoint's end."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.errors import Incorrect, NotFound
from hisbundle.cli import app
from model.sagemaker.calls import Aws
from tests.model.sagemaker.conftest import BUCKET, IMAGE, REGION, ROLE, package_at

QUICK = ("--look-s", "0.01", "--wait-s", "30")


@pytest.fixture
def settings(emulator: str, aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": emulator,
        "SAGEMAKER_ENDPOINT": "ward",
        "SAGEMAKER_BUCKET": BUCKET,
        "SAGEMAKER_ROLE_ARN": ROLE,
        "SAGEMAKER_IMAGE": IMAGE,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"HISBUNDLE_{name}", value)
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["model", *words])


@pytest.mark.usefixtures("settings")
def test_from_the_first_deploy_to_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = run("deploy", str(package_at(tmp_path / "model.tar.gz", "net-1")), *QUICK, "--no-check")
    assert done.exit_code == 0, done.exception
    assert "ward serves net-1, configuration ward-" in done.stdout
    assert done.stderr.split() == ["Creating", "InService"]

    monkeypatch.setenv("HISBUNDLE_SAGEMAKER_INSTANCES_MAX", "7")
    assert run("endpoint", "update", *QUICK).exit_code == 0
    told = run("endpoint", "status").stdout.splitlines()
    assert {"status\tInService", "weights\tnet-1"} <= set(told)
    assert "instances\t1 of 1, scaled from 1 to 7" in told

    assert "deleted endpoint ward\n" in run("endpoint", "delete", *QUICK).stdout
    assert run("endpoint", "delete", *QUICK).stdout == "nothing to delete\n"
    assert isinstance(run("endpoint", "status").exception, NotFound)


@pytest.mark.usefixtures("settings")
def test_a_setting_that_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HISBUNDLE_SAGEMAKER_BUCKET")
    error = run("deploy").exception
    assert isinstance(error, Incorrect)
    assert str(error) == "HISBUNDLE_SAGEMAKER_BUCKET is not set"
