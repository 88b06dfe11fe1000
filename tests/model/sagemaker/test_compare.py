"""``hisbundle model deploy`` against the emulator and an endpoint that serves the package."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from analysis.classifier import DEFAULT_ARTEFACT, read_card
from analysis.remote.names import variant_name
from core.errors import HisbundleError, Incorrect, Unavailable
from hisbundle.cli import app
from hisbundle.exits import AWAY, USAGE, exit_code
from model.package import package
from model.sagemaker.calls import Aws
from tests.analysis.remote.endpoint import NAME, Endpoint, Fault, Served, serving
from tests.model.sagemaker.conftest import BUCKET, IMAGE, REGION, ROLE, package_at

MODEL_ID = read_card(DEFAULT_ARTEFACT).model_id


class Apart(Served):
    """The weights, and by which share its answers fall short of theirs."""

    by = 0.0

    def answer(self, asked: dict[str, Any]) -> list[Any]:
        return [[value * (1 - self.by) for value in row] for row in super().answer(asked)]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(DEFAULT_ARTEFACT, tmp_path_factory.mktemp("package") / "model.tar.gz")


@pytest.fixture(scope="module")
def started(packed: Path) -> Iterator[tuple[Endpoint, Apart]]:
    served = Apart(packed, packed.parent / "model")
    with serving(served, variant_name(MODEL_ID)) as endpoint:
        yield endpoint, served


@pytest.fixture
def endpoint(
    started: tuple[Endpoint, Apart], emulator: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> Endpoint:
    given = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": emulator,
        "SAGEMAKER_RUNTIME_URL": started[0].url,
        "SAGEMAKER_ENDPOINT": NAME,
        "SAGEMAKER_BUCKET": BUCKET,
        "SAGEMAKER_ROLE_ARN": ROLE,
        "SAGEMAKER_IMAGE": IMAGE,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"HISBUNDLE_{name}", value)
    started[0].heal()
    started[1].by = 0.0
    return started[0]


def deploy(path: Path, *more: str) -> Result:
    quick = ("--look-s", "0.01", "--wait-s", "30")
    return CliRunner().invoke(app, ["model", "deploy", str(path), *quick, *more])


def failure(result: Result) -> HisbundleError:
    assert isinstance(result.exception, HisbundleError)
    return result.exception


def test_the_endpoint_is_asked_once_it_is_in_service(endpoint: Endpoint, packed: Path) -> None:
    done = deploy(packed)
    assert done.exit_code == 0, done.exception
    assert "it answers as the local engine does, to " in done.stdout
    assert len(endpoint.asked) == 1
    assert deploy(packed, "--no-check").exit_code == 0
    assert len(endpoint.asked) == 1


def test_other_probabilities_are_told(
    endpoint: Endpoint, started: tuple[Endpoint, Apart], packed: Path
) -> None:
    started[1].by = 1e-4
    error = failure(deploy(packed))
    assert isinstance(error, Incorrect)
    assert re.search(r"are apart by 0?\.?\d\S*, more than 1e-06", str(error))
    assert exit_code(error) == USAGE
    assert endpoint.asked


@pytest.mark.parametrize(
    ("fault", "why"), [(Fault.MODEL_ERROR, "failed"), (Fault.OTHER_VARIANT, "other weights")]
)
def test_no_answer_is_told(endpoint: Endpoint, packed: Path, fault: Fault, why: str) -> None:
    endpoint.always = fault
    error = failure(deploy(packed))
    assert isinstance(error, Unavailable)
    assert str(error) == f"the endpoint is in service, but does not answer: SageMaker: {why}"
    assert exit_code(error) == AWAY


def test_other_weights_are_not_deployed(endpoint: Endpoint, tmp_path: Path) -> None:
    error = failure(deploy(package_at(tmp_path / "model.tar.gz", "net-1")))
    assert f"the package holds net-1, the local engine is {MODEL_ID}" in str(error)
    assert exit_code(error) == USAGE
    assert endpoint.asked == []
