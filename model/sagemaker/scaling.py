"""How many instances: target tracking on requests per instance.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html. An endpoint cannot be
updated while a variant that goes, or changes its instances, is a scalable target.
"""

from typing import Any

from botocore.exceptions import ClientError

from model.sagemaker.plan import Capacity

POLICY = "hisbundle-requests"
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def register(scaling: Any, endpoint: str, variant: str, capacity: Capacity) -> None:
    """Let AWS scale the variant within its bounds; again is no change."""
    target = _target(endpoint, variant)
    scaling.register_scalable_target(
        **target, MinCapacity=capacity.instances_min, MaxCapacity=capacity.instances_max
    )
    scaling.put_scaling_policy(
        **target,
        PolicyName=POLICY,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(capacity.requests_per_minute),
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    )


def deregister(scaling: Any, endpoint: str) -> None:
    """Stop scaling the endpoint's variants, whether or not it is there itself."""
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", ScalableDimension=_DIMENSION
    )
    prefix = _target(endpoint, "")["ResourceId"]
    for target in [each for page in pages for each in page["ScalableTargets"]]:
        if target["ResourceId"].startswith(prefix):
            _let_go(scaling, _target(endpoint, target["ResourceId"].removeprefix(prefix)))


def _let_go(scaling: Any, target: dict[str, str]) -> None:
    try:
        scaling.delete_scaling_policy(**target, PolicyName=POLICY)
    except ClientError as error:  # somebody's own policy goes with the target
        if "No scaling policy found" not in str(error):
            raise
    scaling.deregister_scalable_target(**target)


def bounds(scaling: Any, endpoint: str, variant: str) -> tuple[int, int] | None:
    """Instances at least and at most, None where the variant is not scaled."""
    found = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[str(_target(endpoint, variant)["ResourceId"])]
    )["ScalableTargets"]
    return (found[0]["MinCapacity"], found[0]["MaxCapacity"]) if found else None


def _target(endpoint: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": _DIMENSION,
    }
