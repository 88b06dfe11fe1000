"""The channel of a Subscription: media type, content, headers and bounds of what is sent.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/payloads.html and
https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from fhir.subscriptions import codes
from fhir.subscriptions.extensions import values
from fhir.subscriptions.notification import Payload
from fhir.validation.issue import Issue, error
from fhir.values import Json

ENDPOINT = "Subscription.channel.endpoint"
MEDIA_TYPES = ("application/fhir+json", "application/json")
DEFAULT_TIMEOUT_S = 10
MAX_TIMEOUT_S = 60
MIN_HEARTBEAT_S = 5
MAX_COUNT = 100
_PAYLOAD = "Subscription.channel.payload"
_HEADER = "Subscription.channel.header"
_CHANNEL = "Subscription.channel.extension"
_MAX_HEADERS = 16
_MAX_HEADER_CHARS = 4096
_VERSION = "4.0"
_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([!-~](?:[ -~]*[!-~])?)")
_OURS = frozenset(
    {
        "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
        "x-event-id", "x-hub-signature",
    }
)  # fmt: skip
"""Headers that say how it is sent: they are not the client's to set."""

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Told:
    """How a channel is used; see ``fhir.subscriptions.wanted.Wanted``."""

    headers: tuple[tuple[str, str], ...]
    media_type: str
    payload: Payload
    heartbeat_s: int | None
    timeout_s: int
    max_count: int


def told(channel: Json, issues: list[Issue], *, needs_payload: bool) -> Told | None:
    """What a channel says; None, and ``issues``, where that cannot be done.

    ``needs_payload`` is of topics: the guide asks for a media type and a content. R4's own
    Subscription leaves both out: then nothing of the resource is sent, or all of it.
    """
    media_type = _media_type(channel, issues, needs_payload)
    payload = _payload(channel, issues, needs_payload)
    heartbeat_s = _number(channel, codes.HEARTBEAT, "valueUnsignedInt", issues, MIN_HEARTBEAT_S)
    timeout_s = _number(channel, codes.TIMEOUT, "valueUnsignedInt", issues, 1)
    max_count = _number(channel, codes.MAX_COUNT, "valuePositiveInt", issues, 1)
    headers = _headers(channel, issues)
    if media_type is None or payload is None:
        return None
    return Told(
        headers,
        media_type,
        payload,
        heartbeat_s,
        min(timeout_s or DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S),
        min(max_count or MAX_COUNT, MAX_COUNT),
    )


def carried(subscription: Json) -> Payload:
    """The content that a Subscription carries; none where it does not say so clearly."""
    return _payload(dict(subscription.get("channel", {})), []) or Payload.EMPTY


def one_of(choices: type[_Choice], value: Any, place: str, issues: list[Issue]) -> _Choice | None:
    """The choice that ``value`` names; None, and an issue, if it names none."""
    known: Mapping[str, _Choice] = {choice.value: choice for choice in choices}
    found = known.get(str(value))
    if found is None:
        accepted = ", ".join(known)
        wrong = f"{str(value)[:80]} is not supported; accepted: {accepted}"
        issues.append(error("not-supported", wrong, place))
    return found


def _media_type(channel: Json, issues: list[Issue], needs_payload: bool) -> str | None:
    asked = channel.get("payload")
    if asked is None and not needs_payload:
        return MEDIA_TYPES[0]
    plain, *parameters = (part.strip().lower() for part in str(asked or "").split(";"))
    given = dict(part.partition("=")[::2] for part in parameters)
    version = given.pop("fhirversion", _VERSION).strip('"')
    given.pop("charset", None)
    if plain in MEDIA_TYPES and version == _VERSION and not given:
        return str(asked)
    accepted = f"{' or '.join(MEDIA_TYPES)}, in FHIR version {_VERSION}"
    wrong = f"{str(asked)[:80]} is not supported; accepted: {accepted}"
    issues.append(error("not-supported", wrong, _PAYLOAD))
    return None


def _payload(channel: Json, issues: list[Issue], needs_payload: bool = False) -> Payload | None:
    contents = values(channel, "_payload", codes.CONTENT, "valueCode")
    if len(contents) == 1:
        return one_of(Payload, contents[0], f"{_PAYLOAD}.extension", issues)
    if not contents and not needs_payload:
        return Payload.EMPTY if "payload" not in channel else Payload.FULL
    accepted = ", ".join(Payload)
    wrong = f"one extension {codes.CONTENT}, please: {accepted}"
    issues.append(error("required", wrong, f"{_PAYLOAD}.extension"))
    return None


def _number(channel: Json, url: str, value: str, issues: list[Issue], least: int) -> int | None:
    found = values(channel, "", url, value)
    if not found:
        return None
    if len(found) == 1 and isinstance(found[0], int) and found[0] >= least:
        return found[0]
    issues.append(error("value", f"{url}: one {value} of at least {least}, please", _CHANNEL))
    return None


def _headers(channel: Json, issues: list[Issue]) -> tuple[tuple[str, str], ...]:
    lines = channel.get("header", [])
    found = [(line, _LINE.fullmatch(str(line))) for line in lines]
    if len(found) > _MAX_HEADERS:
        issues.append(error("too-costly", f"at most {_MAX_HEADERS} headers", _HEADER))
    for line, match in found:
        name = "" if match is None else match[1].lower()
        if match is None or name in _OURS or len(str(line)) > _MAX_HEADER_CHARS:
            wrong = f"Name: value, please, and none of {', '.join(sorted(_OURS))}"
            issues.append(error("value", wrong, _HEADER))
    return tuple((match[1], match[2]) for _, match in found if match is not None)
