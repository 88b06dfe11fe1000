"""An endpoint as it stands, and its end."""

from collections.abc import Iterator
from typing import Any

from core.errors import NotFound
from model.sagemaker import scaling
from model.sagemaker.calls import Aws, described, told
from model.sagemaker.plan import owned
from model.sagemaker.wait import Patience, settle


def status(aws: Aws, endpoint: str) -> dict[str, str]:
    """What an administrator wants to know, by its name. Raises NotFound if there is none."""
    with told():
        found = described(aws.sagemaker.describe_endpoint, EndpointName=endpoint)
        if found is None:
            raise NotFound(f"there is no endpoint {endpoint}")
        lines = {
            "endpoint": endpoint,
            "status": str(found["EndpointStatus"]),
            "configuration": str(found["EndpointConfigName"]),
            "since": str(found.get("LastModifiedTime", "")),
        }
        if found.get("FailureReason"):
            lines["failure"] = str(found["FailureReason"])
        for variant in found.get("ProductionVariants", []):
            lines |= _variant(aws, endpoint, variant)
        return lines


def _variant(aws: Aws, endpoint: str, variant: dict[str, Any]) -> dict[str, str]:
    name = str(variant["VariantName"])
    bounds = scaling.bounds(aws.scaling, endpoint, name)
    scaled = "not scaled" if bounds is None else f"scaled from {bounds[0]} to {bounds[1]}"
    count = f"{variant.get('CurrentInstanceCount', '?')} of {variant.get('DesiredInstanceCount')}"
    return {"weights": name, "instances": f"{count}, {scaled}"}


def delete(aws: Aws, endpoint: str, patience: Patience) -> list[str]:
    """Delete the endpoint, its configurations and models; what was deleted, in that order.

    Packages stay in the bucket. What is gone already is passed over, so that a delete that was
    broken off can be repeated. Raises Incorrect or Unavailable as AWS answers.
    """
    with told():
        gone: list[str] = []
        found = settle(aws.sagemaker, endpoint, patience)
        scaling.deregister(aws.scaling, endpoint)
        if found is not None:
            aws.sagemaker.delete_endpoint(EndpointName=endpoint)
            settle(aws.sagemaker, endpoint, patience)
            gone.append(f"endpoint {endpoint}")
        for name in list(_ours(aws.sagemaker, "list_endpoint_configs", "EndpointConfig", endpoint)):
            aws.sagemaker.delete_endpoint_config(EndpointConfigName=name)
            gone.append(f"configuration {name}")
        for name in list(_ours(aws.sagemaker, "list_models", "Model", endpoint)):
            aws.sagemaker.delete_model(ModelName=name)
            gone.append(f"model {name}")
        return gone


def _ours(sagemaker: Any, operation: str, kind: str, endpoint: str) -> Iterator[str]:
    for page in sagemaker.get_paginator(operation).paginate(NameContains=f"{endpoint}-"):
        names = (str(each[f"{kind}Name"]) for each in page[f"{kind}s"])
        yield from (name for name in names if owned(endpoint, name))
