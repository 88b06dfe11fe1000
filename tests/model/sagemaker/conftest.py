"""An emulator of S3, SageMaker's control plane and Application Auto Scaling, for a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from hisbundle.sagemaker import capacity_of, place_of
from model.sagemaker.calls import Aws, connect
from model.sagemaker.plan import Capacity, Place
from tests.aws import emulator_of, nobody

REGION, BUCKET = "eu-central-1", "models-of-the-tests"
ROLE = "arn:aws:iam::123456789012:role/hisbundle-endpoint"
IMAGE = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/tensorflow-inference:2.14.1-cpu"


@pytest.fixture(scope="package")
def emulator() -> Iterator[str]:
    with emulator_of(str(Path(__file__).with_name("emulator.py"))) as url:
        yield url


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody(monkeypatch, tmp_path)


@pytest.fixture(scope="package")
def aws(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as patch:
        nobody(patch, tmp_path_factory.mktemp("aws"))
        aws = connect(REGION, emulator)
    aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield aws
    for client in (aws.s3, aws.sagemaker, aws.scaling):
        client.close()


def settings_of(endpoint: str, **more: object) -> Settings:
    given = {
        "sagemaker_endpoint": endpoint,
        "sagemaker_bucket": BUCKET,
        "sagemaker_role_arn": ROLE,
        "sagemaker_image": IMAGE,
        "sagemaker_tags": {"owner": "cardiology"},
    }
    return Settings.model_validate(given | more)


def wanted(endpoint: str, **more: object) -> tuple[Place, Capacity]:
    settings = settings_of(endpoint, **more)
    return place_of(settings), capacity_of(settings)


def package_at(path: Path, model_id: str = "net-0123456789ab") -> Path:
    """A package that deploying can read; what is in it is no matter of the control plane."""
    from model.archive import CARD, pack

    card = f'{{"model_id": "{model_id}", "preprocessing_version": "abc"}}'.encode()
    path.write_bytes(pack("net", {"saved_model.pb": b"graph", CARD: card}))
    return path
