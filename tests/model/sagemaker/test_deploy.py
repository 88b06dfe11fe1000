"""Deploying against the emulator: made once, moved on, scaled, deleted."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Incorrect, NotFound, Unavailable
from model.archive import Package, read_package
from model.sagemaker.calls import Aws, connect
from model.sagemaker.deploy import deploy, update
from model.sagemaker.endpoint import delete, status
from model.sagemaker.plan import key_of, owned
from model.sagemaker.wait import Patience, settle
from tests.model.sagemaker.conftest import BUCKET, IMAGE, REGION, package_at, wanted

PATIENCE = Patience(timeout_s=20, look_s=0.01)
CHANGES = ("Put", "Create", "Update", "Delete", "Register", "Deregister")


class Changes(Counter[str]):
    """Requests that change something, counted where botocore sends them."""

    def __call__(self, request: object, event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        if operation.startswith(CHANGES):
            self[operation] += 1


@pytest.fixture
def changes(aws: Aws) -> Iterator[Changes]:
    changes = Changes()
    clients = (aws.s3, aws.sagemaker, aws.scaling)
    for client in clients:
        client.meta.events.register("before-send", changes)
    yield changes
    for client in clients:
        client.meta.events.unregister("before-send", changes)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return read_package(package_at(tmp_path / "model.tar.gz"))


def test_a_first_deploy_makes_all_and_waits(aws: Aws, package: Package) -> None:
    place, capacity = wanted("first", sagemaker_instances_max=3)
    told: list[str] = []
    config = deploy(aws, place, capacity, package, Patience(20, 0.01, told.append))
    assert told == ["Creating", "InService"]

    stored = aws.s3.get_object(Bucket=BUCKET, Key=key_of(place, package))
    with stored["Body"] as body:
        assert body.read() == package.content
    made = aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    (variant,) = made["ProductionVariants"]
    assert variant["VariantName"] == package.model_id
    assert variant["InstanceType"] == "ml.c5.large"
    assert not made.get("DataCaptureConfig")
    assert not made.get("KmsKeyId")
    model = aws.sagemaker.describe_model(ModelName=variant["ModelName"])
    assert model["PrimaryContainer"]["Image"] == IMAGE
    assert model["PrimaryContainer"]["ModelDataUrl"] == f"s3://{BUCKET}/{key_of(place, package)}"
    tags = {
        tag["Key"]: tag["Value"]
        for tag in aws.sagemaker.list_tags(ResourceArn=model["ModelArn"])["Tags"]
    }
    assert tags == {
        "owner": "cardiology",
        "hisbundle:endpoint": "first",
        "hisbundle:model": package.model_id,
        "hisbundle:package-sha256": package.digest,
        "hisbundle:preprocessing": "abc",
    }
    assert status(aws, "first") == status(aws, "first") | {
        "status": "InService",
        "configuration": config,
        "weights": package.model_id,
        "instances": "1 of 1, scaled from 1 to 3",
    }


def test_the_same_again_changes_nothing(aws: Aws, package: Package, changes: Changes) -> None:
    place, capacity = wanted("again")
    first = deploy(aws, place, capacity, package, PATIENCE)
    changes.clear()
    assert deploy(aws, place, capacity, package, PATIENCE) == first
    assert set(changes) == {"RegisterScalableTarget", "PutScalingPolicy"}


def test_other_weights_are_moved_to_and_scaled(aws: Aws, package: Package, tmp_path: Path) -> None:
    place, capacity = wanted("moves")
    first = deploy(aws, place, capacity, package, PATIENCE)
    newer = read_package(package_at(tmp_path / "newer.tar.gz", "net-ffff"))
    second = deploy(aws, place, capacity, newer, PATIENCE)
    assert first != second
    told = status(aws, "moves")
    assert (told["weights"], told["configuration"]) == ("net-ffff", second)
    assert told["instances"].endswith("scaled from 1 to 2")
    targets = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    ours = [t["ResourceId"] for t in targets["ScalableTargets"] if "/moves/" in t["ResourceId"]]
    assert ours == ["endpoint/moves/variant/net-ffff"]
    assert deploy(aws, place, capacity, package, PATIENCE) == first  # and back


def test_capacity_key_and_capture_follow_the_settings(aws: Aws, package: Package) -> None:
    deploy(aws, *wanted("capacity"), package, PATIENCE)
    place, capacity = wanted(
        "capacity",
        sagemaker_instance_type="ml.c5.xlarge",
        sagemaker_instances_min=2,
        sagemaker_instances_max=5,
        sagemaker_requests_per_minute=300,
        sagemaker_kms_key_id="alias/models",
        sagemaker_capture_percent=10,
    )
    made = aws.sagemaker.describe_endpoint_config(
        EndpointConfigName=update(aws, place, capacity, PATIENCE)
    )
    assert made["ProductionVariants"][0]["InstanceType"] == "ml.c5.xlarge"
    assert made["KmsKeyId"] == "alias/models"
    assert made["DataCaptureConfig"]["InitialSamplingPercentage"] == 10
    told = status(aws, "capacity")
    assert told["weights"] == package.model_id
    assert told["instances"] == "2 of 2, scaled from 2 to 5"
    policies = aws.scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=f"endpoint/capacity/variant/{package.model_id}"
    )["ScalingPolicies"]
    aim = policies[0]["TargetTrackingScalingPolicyConfiguration"]
    assert aim["TargetValue"] == 300


def test_the_package_is_sealed_with_the_key(aws: Aws, package: Package) -> None:
    place, capacity = wanted("sealed", sagemaker_kms_key_id="alias/models", sagemaker_prefix="x")
    deploy(aws, place, capacity, package, PATIENCE)
    head = aws.s3.head_object(Bucket=BUCKET, Key=key_of(place, package))
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/models")


def test_what_does_not_come_up_is_told_and_mended(aws: Aws, package: Package) -> None:
    broken = wanted("broken", sagemaker_image="image:broken")
    with pytest.raises(Unavailable, match=r"broken is Failed: .*ping"):
        deploy(aws, *broken, package, PATIENCE)
    deploy(aws, *wanted("broken"), package, PATIENCE)
    with pytest.raises(Unavailable, match=r"broken is InService: .*ping"):
        deploy(aws, *broken, package, PATIENCE)
    # What served before goes on, and is scaled as before.
    assert status(aws, "broken")["instances"] == "1 of 1, scaled from 1 to 2"
    deploy(aws, *wanted("broken"), package, PATIENCE)
    assert status(aws, "broken")["instances"] == "1 of 1, scaled from 1 to 2"


def test_delete_takes_what_is_the_endpoints_and_no_more(aws: Aws, package: Package) -> None:
    for name in ("gone", "gone-not"):
        deploy(aws, *wanted(name), package, PATIENCE)
    update(aws, *wanted("gone", sagemaker_instances_min=2), PATIENCE)
    gone = delete(aws, "gone", PATIENCE)
    assert [each.split()[0] for each in gone] == [
        "endpoint",
        "configuration",
        "configuration",
        "model",
    ]
    assert delete(aws, "gone", PATIENCE) == []
    with pytest.raises(NotFound):
        status(aws, "gone")
    assert status(aws, "gone-not")["status"] == "InService"
    targets = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert not [t for t in targets["ScalableTargets"] if "/gone/" in t["ResourceId"]]


def test_delete_ends_the_scaling_of_what_somebody_else_deleted(aws: Aws, package: Package) -> None:
    deploy(aws, *wanted("orphan"), package, PATIENCE)
    aws.sagemaker.delete_endpoint(EndpointName="orphan")
    delete(aws, "orphan", PATIENCE)
    targets = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert not [t for t in targets["ScalableTargets"] if "/orphan/" in t["ResourceId"]]


class BrokenOffError(Exception):
    """The command is ended here."""


@pytest.mark.parametrize("event", ["before-send", "after-call"])
def test_a_deploy_that_was_broken_off_is_gone_on_with(
    aws: Aws, package: Package, tmp_path: Path, event: str
) -> None:
    name = event
    deploy(aws, *wanted(name), package, PATIENCE)
    newer = read_package(package_at(tmp_path / "newer.tar.gz", f"net-{event}"))
    left = 0

    def break_off(**_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise BrokenOffError

    clients = (aws.s3, aws.sagemaker, aws.scaling)
    for client in clients:
        client.meta.events.register(event, break_off)
    try:
        for after in range(1, 30):
            left = after
            try:
                deploy(aws, *wanted(name), newer, PATIENCE)
                break
            except BrokenOffError:
                continue
    finally:
        for client in clients:
            client.meta.events.unregister(event, break_off)
    assert after > 5
    told = status(aws, name)
    assert (told["status"], told["weights"]) == ("InService", f"net-{event}")
    assert told["instances"] == "1 of 1, scaled from 1 to 2"
    assert len(delete(aws, name, PATIENCE)) == 5  # nothing was made twice


def test_nothing_to_update(aws: Aws) -> None:
    with pytest.raises(NotFound, match="model deploy"):
        update(aws, *wanted("never"), PATIENCE)


def test_a_wait_ends(aws: Aws, package: Package) -> None:
    with pytest.raises(Unavailable, match="still Creating"):
        deploy(aws, *wanted("slow"), package, Patience(0, 0))
    assert settle(aws.sagemaker, "slow", PATIENCE) is not None


def test_what_aws_refuses_is_incorrect(aws: Aws, package: Package) -> None:
    with pytest.raises(Incorrect, match="NoSuchBucket"):
        deploy(aws, *wanted("x", sagemaker_bucket="no-such-bucket"), package, PATIENCE)


def test_no_aws_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Unavailable):
        status(connect(REGION, "http://127.0.0.1:1"), "x")
    with pytest.raises(Incorrect):
        connect(REGION, "nowhere")


def test_without_credentials_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Incorrect, match="AWS: Unable to locate credentials"):
        status(connect(REGION, "http://127.0.0.1:1"), "x")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("a-0123456789ab", True), ("a-b-0123456789ab", False), ("a-0123", False), ("a", False)],
)
def test_names_of_other_endpoints_are_not_ours(name: str, is_ours: bool) -> None:
    assert owned("a", name) is is_ours
