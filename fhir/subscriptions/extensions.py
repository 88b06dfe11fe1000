"""The backport's extensions in a Subscription, and those that this server does not know.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/artifacts.html#structures-extension-definitions
"""

import re
from collections.abc import Iterator
from typing import Any

from fhir.subscriptions import codes
from fhir.validation.issue import Issue, error
from fhir.values import Json

_CROSS_VERSION = re.compile(r"http://hl7\.org/fhir/\d+\.\d+/")
_PLACES: tuple[tuple[str, tuple[str, ...], frozenset[str]], ...] = (
    ("Subscription.criteria", ("_criteria",), frozenset({codes.FILTER})),
    (
        "Subscription.channel",
        ("channel",),
        frozenset({codes.HEARTBEAT, codes.TIMEOUT, codes.MAX_COUNT}),
    ),
    ("Subscription.channel.payload", ("channel", "_payload"), frozenset({codes.CONTENT})),
    ("Subscription.channel.type", ("channel", "_type"), frozenset()),
    ("Subscription.channel.endpoint", ("channel", "_endpoint"), frozenset()),
)
"""Elements that say what is sent and where; what is not known there is not passed over."""


def at(body: Json, *path: str) -> list[Json]:
    """The extensions of the element at ``path``."""
    node: Any = body
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    found: list[Json] = node.get("extension", []) if isinstance(node, dict) else []
    return found


def filters(body: Json) -> list[str]:
    """The filter criteria, each as it was sent."""
    return [
        str(each.get("valueString", ""))
        for each in at(body, "_criteria")
        if each.get("url") == codes.FILTER
    ]


def values(node: Json, name: str, url: str, value: str) -> list[Any]:
    """The values of an extension of ``node``, or of its primitive element ``name``."""
    found = at(node, name) if name else at(node)
    return [each.get(value) for each in found if each.get("url") == url]


def unknown(body: Json) -> Iterator[Issue]:
    """What is not understood: extensions of other versions, and any where it would matter."""
    for url in sorted({url for url in _urls(body) if _CROSS_VERSION.match(url)}):
        yield error(
            "not-supported",
            f"the cross-version extension {url[:200]} is not supported; use those of"
            " http://hl7.org/fhir/uv/subscriptions-backport",
            "Subscription",
        )
    for place, path, known in _PLACES:
        for url in (str(each.get("url", "")) for each in at(body, *path)):
            if url not in known and not _CROSS_VERSION.match(url):
                yield error("not-supported", _told(url, known), place)


def _told(url: str, known: frozenset[str]) -> str:
    accepted = ", ".join(sorted(known)) or "none"
    if url == codes.CHANNEL_TYPE:
        return "there are no additional channel types; set channel.type to rest-hook or websocket"
    return f"the extension {url[:200]} is not supported here; accepted: {accepted}"


def _urls(node: Any) -> Iterator[str]:
    """The URL of each extension, at whatever depth."""
    if isinstance(node, list):
        for each in node:
            yield from _urls(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("extension", "modifierExtension") and isinstance(value, list):
                yield from (str(e.get("url", "")) for e in value if isinstance(e, dict))
            yield from _urls(value)
