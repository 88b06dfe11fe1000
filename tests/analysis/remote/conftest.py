"""An endpoint for a module, serving the committed weights."""

from collections.abc import Iterator
from typing import Any

import pytest

from analysis.classifier import DEFAULT_ARTEFACT, read_card
from analysis.remote.names import variant_name
from analysis.remote.sagemaker import Limits, runtime_client
from model.package import package
from tests.analysis.remote.endpoint import Endpoint, Served, serving
from tests.aws import nobody

CARD = read_card(DEFAULT_ARTEFACT)
REGION = "eu-central-1"
LIMITS = Limits(beats=64, deadline_s=4.5, attempts=3, breaker_failures=3, breaker_open_s=0.2)


@pytest.fixture(scope="package")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("endpoint")
    served = Served(package(DEFAULT_ARTEFACT, folder / "model.tar.gz"), folder / "model")
    with serving(served, variant_name(CARD.model_id)) as endpoint:
        yield endpoint


@pytest.fixture(scope="package")
def client(started: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        nobody(patch, tmp_path_factory.mktemp("aws"))
        client = runtime_client(REGION, started.url, LIMITS)
    yield client
    client.close()


@pytest.fixture
def endpoint(started: Endpoint) -> Endpoint:
    started.heal()
    return started
