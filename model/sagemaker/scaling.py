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


def deregister(scaling: Any, endpoint: str, variant: str) -> None:
    """Stop scaling the variant; one that is not scaled is none of our worries."""
    target = _target(endpoint, variant)
    found = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[str(target["ResourceId"])]
    )
    if not found["ScalableTargets"]:
        return
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
