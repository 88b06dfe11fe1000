"""A package becomes a model, a configuration and an endpoint; what is there already stays.

https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-deploy-models.html. Models and
configurations are never changed, only made; an endpoint moves from one to the next while it
serves.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from analysis.remote.names import variant_name
from core.errors import NotFound, Unavailable
from model.archive import Package
from model.sagemaker import scaling
from model.sagemaker.calls import Aws, described, told
from model.sagemaker.plan import Capacity, Place, key_of, name_of, tags_of
from model.sagemaker.wait import Patience, settle

_ABSENT = ("404", "NoSuchKey", "NotFound")


def deploy(aws: Aws, place: Place, capacity: Capacity, package: Package, patience: Patience) -> str:
    """Upload ``package`` and let the endpoint serve it; the name of its configuration.

    Returns once the endpoint is in service. Raises Incorrect for what AWS refuses, Unavailable
    if AWS is away, takes too long, or cannot bring the endpoint up with it.
    """
    with told():
        model = _model(aws.sagemaker, place, _upload(aws.s3, place, package), package)
        return _converge(aws, place, capacity, model, variant_name(package.model_id), patience)


def update(aws: Aws, place: Place, capacity: Capacity, patience: Patience) -> str:
    """Bring instances, scaling and capture of the endpoint to ``capacity``, with its present model.

    Raises NotFound if there is no such endpoint, else as ``deploy`` does.
    """
    with told():
        endpoint = settle(aws.sagemaker, place.endpoint, patience)
        if endpoint is None:
            raise NotFound(f"there is no endpoint {place.endpoint}: hisbundle model deploy")
        config = aws.sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        variant = config["ProductionVariants"][0]
        return _converge(
            aws, place, capacity, variant["ModelName"], variant["VariantName"], patience
        )


def _upload(s3: Any, place: Place, package: Package) -> str:
    """The package's address in S3; it is sent only if it is not there."""
    key = key_of(place, package)
    try:
        s3.head_object(Bucket=place.bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        sealed: dict[str, str] = {}
        if place.kms_key_id is not None:
            sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": place.kms_key_id}
        s3.put_object(
            Bucket=place.bucket,
            Key=key,
            Body=package.content,
            ContentType="application/gzip",
            ChecksumSHA256=b64encode(sha256(package.content).digest()).decode(),
            **sealed,
        )
    return f"s3://{place.bucket}/{key}"


def _model(sagemaker: Any, place: Place, url: str, package: Package) -> str:
    """The model's name; its container can reach nothing but the requests it is sent."""
    name = name_of(place.endpoint, url, package.digest, place.image, place.role_arn)
    if described(sagemaker.describe_model, ModelName=name) is None:
        about = {
            "hisbundle:model": package.model_id,
            "hisbundle:package-sha256": package.digest,
            "hisbundle:preprocessing": package.preprocessing_version,
        }
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=place.role_arn,
            PrimaryContainer={"Image": place.image, "ModelDataUrl": url},
            EnableNetworkIsolation=True,
            Tags=tags_of(place, about),
        )
    return name


def _configuration(
    sagemaker: Any, place: Place, capacity: Capacity, model: str, variant: str
) -> str:
    content: dict[str, Any] = {
        "ProductionVariants": [
            {
                "VariantName": variant,
                "ModelName": model,
                "InstanceType": capacity.instance_type,
                "InitialInstanceCount": capacity.instances_min,
                "InitialVariantWeight": 1.0,
            }
        ]
    }
    if place.kms_key_id is not None:
        content["KmsKeyId"] = place.kms_key_id
    if capacity.capture_percent:
        content["DataCaptureConfig"] = _capture(place, capacity)
    name = name_of(place.endpoint, content)
    if described(sagemaker.describe_endpoint_config, EndpointConfigName=name) is None:
        sagemaker.create_endpoint_config(EndpointConfigName=name, **content, Tags=tags_of(place))
    return name


def _capture(place: Place, capacity: Capacity) -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": capacity.capture_percent,
        "DestinationS3Uri": f"s3://{place.bucket}/{place.prefix.strip('/')}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        **({"KmsKeyId": place.kms_key_id} if place.kms_key_id else {}),
    }


def _converge(
    aws: Aws, place: Place, capacity: Capacity, model: str, variant: str, patience: Patience
) -> str:
    """Let the endpoint serve ``model``; then what serves is scaled, if need be what did before."""
    config = _configuration(aws.sagemaker, place, capacity, model, variant)
    name = place.endpoint
    present = settle(aws.sagemaker, name, patience)
    if present is not None and present["EndpointStatus"] == "Failed":  # it cannot be updated
        aws.sagemaker.delete_endpoint(EndpointName=name)
        present = settle(aws.sagemaker, name, patience)
    if present is None:
        aws.sagemaker.create_endpoint(
            EndpointName=name, EndpointConfigName=config, Tags=tags_of(place)
        )
    elif present["EndpointConfigName"] != config:
        scaling.deregister(aws.scaling, name)
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    present = settle(aws.sagemaker, name, patience) or {}
    if present.get("EndpointStatus") == "InService":
        for each in present["ProductionVariants"]:
            scaling.register(aws.scaling, name, each["VariantName"], capacity)
    if (present.get("EndpointStatus"), present.get("EndpointConfigName")) != ("InService", config):
        why = present.get("FailureReason", "it serves what it served before")
        raise Unavailable(f"endpoint {name} is {present.get('EndpointStatus', 'gone')}: {why}")
    return config
