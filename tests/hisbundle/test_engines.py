"""Which engine the settings ask for."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from analysis.beats import BEAT_VALUES
from analysis.classifier import DEFAULT_ARTEFACT, load_classifier, read_card
from analysis.remote.sagemaker import SageMakerClassifier
from core.errors import Incorrect, Unavailable
from core.settings import Settings
from hisbundle.checks import check
from hisbundle.engines import engines, model_ids
from tests.aws import nobody


def settings_of(**given: object) -> Settings:
    return Settings.model_validate({"aws_endpoint_url": "http://127.0.0.1:1"} | given)


FAR = {"classifier": "sagemaker", "sagemaker_endpoint": "beats"}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody(monkeypatch, tmp_path)


def test_the_local_engine_needs_no_reserve() -> None:
    classifier, reserve = engines(settings_of())
    assert classifier.model_id == load_classifier().model_id
    assert reserve is None


def test_the_remote_engine_has_the_local_one_as_its_reserve() -> None:
    classifier, reserve = engines(settings_of(**FAR, sagemaker_attempts=1))
    assert isinstance(classifier, SageMakerClassifier)
    assert reserve is not None
    assert (classifier.model_id, reserve.model_id) == model_ids(read_card(DEFAULT_ARTEFACT))[::-1]
    assert classifier.threshold == reserve.threshold
    beats = np.zeros((2, BEAT_VALUES), dtype=np.float32)
    assert classifier.predict(beats[:0]).shape == reserve.predict(beats[:0]).shape
    with pytest.raises(Unavailable, match="unreachable"):
        classifier.predict(beats)
    classifier.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"classifier": "sagemaker"}, "HISBUNDLE_SAGEMAKER_ENDPOINT"),
        (FAR | {"sagemaker_runtime_url": "here"}, "HISBUNDLE_SAGEMAKER_RUNTIME_URL"),
    ],
)
def test_what_cannot_work_is_told_before_the_start(given: dict[str, object], said: str) -> None:
    with pytest.raises(Incorrect, match=said):
        check(settings_of(**given))


@pytest.mark.parametrize("name", ["", "-x", "x_y", "x" * 51, f"a{'-' * 60}b", "a b"])
def test_a_name_that_aws_would_not_take(name: str) -> None:
    with pytest.raises(ValidationError):
        settings_of(sagemaker_endpoint=name)


def test_without_credentials_the_start_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(Incorrect, match=r"HISBUNDLE_CLASSIFIER is sagemaker: .*credentials"):
        engines(settings_of(**FAR))


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(Incorrect, match="HISBUNDLE_CLASSIFIER is sagemaker"):
        engines(settings_of(**FAR, aws_endpoint_url="nowhere"))
