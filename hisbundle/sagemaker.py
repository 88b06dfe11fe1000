"""The settings of Amazon SageMaker, as deploying needs them."""

from core.errors import Incorrect
from core.settings import Settings
from model.sagemaker.plan import Capacity, Place


def endpoint_of(settings: Settings) -> str:
    """The endpoint's name. Raises Incorrect if it is not set."""
    return _needed(settings.sagemaker_endpoint, "SAGEMAKER_ENDPOINT")


def place_of(settings: Settings) -> Place:
    """Where to deploy. Raises Incorrect, with its name, if a setting lacks."""
    return Place(
        endpoint=endpoint_of(settings),
        bucket=_needed(settings.sagemaker_bucket, "SAGEMAKER_BUCKET"),
        prefix=settings.sagemaker_prefix,
        role_arn=_needed(settings.sagemaker_role_arn, "SAGEMAKER_ROLE_ARN"),
        image=_needed(settings.sagemaker_image, "SAGEMAKER_IMAGE"),
        kms_key_id=settings.sagemaker_kms_key_id,
        tags=tuple(sorted(settings.sagemaker_tags.items())),
    )


def capacity_of(settings: Settings) -> Capacity:
    """On how many machines. Raises Incorrect if the bounds contradict each other."""
    low, high = settings.sagemaker_instances_min, settings.sagemaker_instances_max
    if low > high:
        raise Incorrect("HISBUNDLE_SAGEMAKER_INSTANCES_MIN is more than _INSTANCES_MAX")
    return Capacity(
        instance_type=settings.sagemaker_instance_type,
        instances_min=low,
        instances_max=high,
        requests_per_minute=settings.sagemaker_requests_per_minute,
        capture_percent=settings.sagemaker_capture_percent,
    )


def _needed(value: str | None, name: str) -> str:
    if value is None:
        raise Incorrect(f"HISBUNDLE_{name} is not set")
    return value
