"""Amazon SNS: one topic for each care team; what is told names no patient.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. A FIFO topic takes a message once,
however often it is sent within five minutes, and keeps the order of each alarm.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from alerting.channels.channel import Refused
from core.errors import Unavailable
from core.messages import Message, headline
from core.moments import instant

THREADS = 4
CONNECT_S, READ_S = 3.0, 5.0
_SUBJECT_MAX = 99
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d+:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_NEVER = frozenset({"NotFound", "NotFoundException", "InvalidParameter", "InvalidParameterValue",
                    "AuthorizationError", "ValidationException"})  # fmt: skip


def sns_client(region: str, url: str | None) -> Any:
    """A client that gives up soon; the retries are ours."""
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": 1},
        max_pool_connections=THREADS,
    )
    return boto3.Session(region_name=region).client("sns", endpoint_url=url, config=config)


class Sns:
    """Topics by their ARN; ``connect`` is sns_client, its calls block in THREADS threads.

    The client is made with the first message: looking for credentials may take a while, and
    concerns nobody whose team has no topic.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._client = cache(connect)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sns")

    async def send(self, address: str, message: Message, key: str) -> str:
        """Publish to the topic ``address``; SNS's message id. Raises Refused or Unavailable."""
        if not _TOPIC.fullmatch(address):
            raise Refused("not the ARN of a topic")
        request = _request(address, message, key)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._client().publish(**request)
            )
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))[:100]
            if code in _NEVER:
                raise Refused(code) from error
            raise Unavailable(f"sns: {code}") from error
        except BotoCoreError as error:
            raise Unavailable(f"sns: {type(error).__name__}") from error
        return str(answer["MessageId"])

    def close(self) -> None:
        """Take no more messages."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client.cache_info().currsize:
            self._client().close()


def body(message: Message) -> dict[str, Any]:
    """What a subscriber reads, as JSON."""
    return {
        "alert": message.alarm,
        "event": message.event.value,
        "kind": message.kind.value,
        "display": message.display,
        "priority": message.priority.value,
        "session": message.session,
        "strip": message.strip_index,
        "openedAt": instant(message.opened_at),
        "count": message.count,
        "confidence": message.confidence,
        "link": message.link,
    }


def subject(message: Message) -> str:
    """The subject of what e-mail subscribers of a topic get: printable ASCII, below 100 long."""
    told = f"[{message.priority.value}] {headline(message)}"
    return "".join(c if " " <= c <= "~" else "?" for c in " ".join(told.split()))[:_SUBJECT_MAX]


def _request(topic: str, message: Message, key: str) -> dict[str, Any]:
    attributes = {"kind": message.kind.value, "priority": message.priority.value,
                  "event": message.event.value}  # fmt: skip
    request: dict[str, Any] = {
        "TopicArn": topic,
        "Subject": subject(message),
        "Message": orjson.dumps(body(message)).decode(),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    if topic.endswith(".fifo"):
        request |= {"MessageGroupId": message.alarm, "MessageDeduplicationId": key}
    return request
