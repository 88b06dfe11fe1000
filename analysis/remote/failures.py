"""Why an endpoint gave no probabilities, from what botocore and urllib3 under it raise.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as PartTooLate


class Why(StrEnum):
    """What the finding, the metrics and the log say; few words, none of AWS's own."""

    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    FAILED = "failed"
    REFUSED = "refused"
    BAD_ANSWER = "bad answer"
    OTHER_WEIGHTS = "other weights"
    CIRCUIT_OPEN = "circuit open"


class CallFailed(Exception):
    """A request without probabilities; ``again``: another try may succeed."""

    def __init__(self, why: Why, detail: str, *, again: bool) -> None:
        super().__init__(f"{why}: {detail}")
        self.why, self.detail, self.again = why, detail, again


_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException"}
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


@contextmanager
def told() -> Iterator[None]:
    """Translate botocore's errors, and urllib3's of a body being read. Raises CallFailed."""
    try:
        yield
    except ClientError as error:
        raise _of_client(error) from error
    except (ConnectTimeoutError, ReadTimeoutError, PartTooLate, TimeoutError) as error:
        raise CallFailed(Why.TIMED_OUT, str(error), again=True) from error
    except (ConnectionError, HTTPClientError, HTTPError, OSError) as error:
        raise CallFailed(Why.UNREACHABLE, str(error), again=True) from error
    except ResponseParserError as error:
        raise CallFailed(Why.BAD_ANSWER, str(error), again=False) from error
    except BotoCoreError as error:  # no credentials, no such region: nothing that passes by itself
        raise CallFailed(Why.REFUSED, str(error), again=False) from error


def _of_client(error: ClientError) -> CallFailed:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLED or status == _TOO_MANY_REQUESTS:
        return CallFailed(Why.THROTTLED, str(error), again=True)
    if code == "ModelError":  # the container's own status is told beside it
        inner = int(error.response.get("OriginalStatusCode") or _SERVER_ERROR)
        return CallFailed(Why.FAILED, str(error), again=inner >= _SERVER_ERROR)
    if status >= _SERVER_ERROR:
        return CallFailed(Why.FAILED, str(error), again=True)
    return CallFailed(Why.REFUSED, str(error), again=False)
