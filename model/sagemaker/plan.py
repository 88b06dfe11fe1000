"""What is to be there, and what it is called: names follow from contents.

So that deploying the same again changes nothing, and another content never overwrites. Limits of
names: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256

from model.archive import Package

_DIGITS = 12
_TAG_VALUE = re.compile(r"[^\w .:/=+\-@]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in AWS, under which role, on what; see the settings of the same names."""

    endpoint: str
    bucket: str
    prefix: str
    role_arn: str
    image: str
    kms_key_id: str | None
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The machines: their kind, how many, and the load each is to bear."""

    instance_type: str
    instances_min: int
    instances_max: int
    requests_per_minute: int
    capture_percent: int


def key_of(place: Place, package: Package) -> str:
    """The package's key in the bucket."""
    prefix = place.prefix.strip("/")
    return f"{prefix}/{package.model_id}/{package.digest[:_DIGITS]}/model.tar.gz"


def name_of(endpoint: str, *content: object) -> str:
    """The name of a model or configuration with such content; ``owned`` knows it again."""
    told = json.dumps(content, sort_keys=True, default=str).encode()
    return f"{endpoint}-{sha256(told).hexdigest()[:_DIGITS]}"


def owned(endpoint: str, name: str) -> bool:
    """Whether ``name_of`` made this name for the endpoint, and not for another one like it."""
    return re.fullmatch(rf"{re.escape(endpoint)}-[0-9a-f]{{{_DIGITS}}}", name) is not None


def tags_of(place: Place, more: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Tags in AWS's form, ours last; what a tag may not hold becomes a dash."""
    found = dict(place.tags) | {"hisbundle:endpoint": place.endpoint} | (more or {})
    return [{"Key": k, "Value": _TAG_VALUE.sub("-", v)[:256]} for k, v in found.items()]
