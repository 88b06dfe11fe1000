"""Waiting for an endpoint, which takes minutes to come, to change and to go."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import Unavailable
from model.sagemaker.calls import described

_MOVING = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, how often to look, and whom to tell each new status."""

    timeout_s: float = 1800.0
    look_s: float = 10.0
    tell: Callable[[str], None] = lambda status: None


def settle(sagemaker: Any, endpoint: str, patience: Patience) -> dict[str, Any] | None:
    """The endpoint once it no longer changes, None if there is none.

    Raises Unavailable if that takes longer than ``patience.timeout_s``.
    """
    until, told = time.monotonic() + patience.timeout_s, ""
    while True:
        found = described(sagemaker.describe_endpoint, EndpointName=endpoint)
        if found is None:
            return None
        status = str(found["EndpointStatus"])
        if status != told:
            patience.tell(status)
            told = status
        if status not in _MOVING:
            return found
        if time.monotonic() >= until:
            raise Unavailable(f"endpoint {endpoint} is still {status}")
        time.sleep(patience.look_s)
