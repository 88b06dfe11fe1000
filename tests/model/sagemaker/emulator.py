"""moto's server with what it lacks of SageMaker: UpdateEndpoint, and endpoints that take time.

An endpoint moves for two looks; the image ``…:broken`` does not come up; and, as at AWS
(https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html), a variant that goes
or changes its instances must not be a scalable target.
"""

import sys
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.server import main

LOOKS = 2
# Its classes are changed at run time, which their types cannot tell.
Backend: Any = SageMakerModelBackend
Response: Any = SageMakerResponse
_create, _describe = Backend.create_endpoint, Backend.describe_endpoint


def _is_broken(backend: Any, config_name: str) -> bool:
    config = backend.describe_endpoint_config(config_name)
    model = backend.describe_model(config["ProductionVariants"][0]["ModelName"])
    return str(model.response_object["PrimaryContainer"]["Image"]).endswith(":broken")


def create(self: Any, **given: Any) -> Any:
    endpoint = _create(self, **given)
    endpoint.endpoint_status, endpoint.looks = "Creating", 0
    endpoint.next = given["endpoint_config_name"]
    return endpoint


def describe(self: Any, endpoint_name: str) -> dict[str, Any]:
    endpoint = self.endpoints.get(endpoint_name)
    if endpoint is not None and endpoint.endpoint_status in ("Creating", "Updating"):
        endpoint.looks += 1
        if endpoint.looks > LOOKS:
            _arrive(self, endpoint)
    found = _describe(self, endpoint_name)
    return {name: value for name, value in found.items() if name not in ("Looks", "Next")}


def _arrive(backend: Any, endpoint: Any) -> None:
    creating = endpoint.endpoint_status == "Creating"
    if _is_broken(backend, endpoint.next):
        endpoint.endpoint_status = "Failed" if creating else "InService"
        endpoint.failure_reason = "the container did not pass the ping health check"
        return
    config = backend.describe_endpoint_config(endpoint.next)
    endpoint.endpoint_status, endpoint.failure_reason = "InService", None
    endpoint.endpoint_config_name = endpoint.next
    endpoint.production_variants = endpoint._process_production_variants(
        config["ProductionVariants"]
    )


def update_endpoint(self: Any) -> ActionResult:
    backend = self.sagemaker_backend
    name, config_name = self._get_param("EndpointName"), self._get_param("EndpointConfigName")
    backend.describe_endpoint_config(config_name)
    endpoint = backend.endpoints[name]
    scaling = applicationautoscaling_backends[self.current_account][self.region]
    for variant in endpoint.production_variants:
        target = f"endpoint/{name}/variant/{variant['VariantName']}"
        if scaling._scalable_target_exists(target, "sagemaker:variant:DesiredInstanceCount"):
            raise ValidationError(
                message=f"The variant(s) [{target}] must be deregistered as scalable targets"
            )
    if endpoint.endpoint_status != "InService":
        raise ValidationError(message=f"Cannot update endpoint in {endpoint.endpoint_status}")
    endpoint.endpoint_status, endpoint.looks, endpoint.next = "Updating", 0, config_name
    return ActionResult({"EndpointArn": endpoint.arn})


Backend.create_endpoint, Backend.describe_endpoint = create, describe
Response.update_endpoint = update_endpoint

if __name__ == "__main__":
    main(sys.argv[1:])
