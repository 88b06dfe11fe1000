"""Header fields of a request or an answer, one look each (RFC 9110, section 5).

Starlette's ``Headers`` encodes and decodes all that it passes over, and every layer asks for one.
"""

from collections.abc import Mapping
from typing import Any


def field(message: Mapping[str, Any], name: bytes) -> str | None:
    """The first field of that name in an ASGI scope or start of an answer; None if there is none.

    Names are in lower case, as ASGI has them.
    """
    for key, value in message.get("headers", ()):
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return None
