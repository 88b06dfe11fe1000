"""The AWS services that deploying needs, and their errors in our words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from core.errors import Incorrect, Unavailable

_CALLS = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"})
_ABSENT = ("Could not find", "does not exist", "Cannot find")
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown"}
_REFUSED = (400, 403, 404)


@dataclass(frozen=True, slots=True)
class Aws:
    """boto3 clients for one region; each call blocks."""

    s3: Any
    sagemaker: Any
    scaling: Any


def connect(region: str, endpoint_url: str | None) -> Aws:
    """Clients with credentials from boto3's usual chain. Raises Incorrect for a wrong address."""
    try:
        session = boto3.Session(region_name=region)
        made = [
            session.client(name, endpoint_url=endpoint_url, config=_CALLS)
            for name in ("s3", "sagemaker", "application-autoscaling")
        ]
    except (BotoCoreError, ValueError) as error:
        raise Incorrect(f"AWS: {error}") from error
    return Aws(*made)


@contextmanager
def told() -> Iterator[None]:
    """Translate AWS's errors: Incorrect for what must be changed, else Unavailable."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status in _REFUSED and code not in _THROTTLED:
            raise Incorrect(f"AWS: {error}") from error
        raise Unavailable(f"AWS: {error}") from error
    except (NoCredentialsError, ParamValidationError, PartialCredentialsError) as error:
        raise Incorrect(f"AWS: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS is away: {error}") from error


def described(describe: Callable[..., Any], **names: str) -> dict[str, Any] | None:
    """What ``describe`` says of a thing, None if there is no such thing."""
    try:
        found: dict[str, Any] = describe(**names)
    except ClientError as error:
        if any(words in str(error) for words in _ABSENT):
            return None
        raise
    return found
