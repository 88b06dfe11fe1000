"""A device changes its key while it is in use (firmware/PROTOCOL.md, section 6)."""

import math
from typing import Protocol

import structlog

from core.errors import Incorrect
from core.rotation import CommandKind, build_request, open_command
from simulator.identity import Identity

log = structlog.get_logger()

ASK_AFTER_S = 2.0
ASK_MAX_S = 30.0


class Renewable(Protocol):
    """The device whose key it is; each of these is durable when it returns."""

    identity: Identity

    def make_key(self) -> None:
        """Keep a new key as pending, unless there is one, or two are in use."""
        ...

    def use_key(self) -> None:
        """Begin a new session under the pending key, now or when the service says so again."""
        ...

    def forget_key(self) -> None:
        """Drop the key before once nothing is owed under it."""
        ...


class KeyChange:
    """Obeys the service's commands, and asks with the pending key until the service has it."""

    def __init__(self, device: Renewable) -> None:
        self._device = device
        self._asked = 0
        self._due_at = 0.0

    @property
    def due_at(self) -> float:
        """When ``request`` has something to send next (``time.monotonic``)."""
        return self._due_at if self._device.identity.pending_key else math.inf

    def hurry(self) -> None:
        """Ask at once, as after a new connection."""
        self._asked, self._due_at = 0, 0.0

    def hear(self, payload: bytes) -> None:
        """Obey a command; one that the service did not send to this device changes nothing."""
        identity = self._device.identity
        try:
            kind = open_command(
                payload,
                identity.device_id,
                identity.device_key,
                identity.key_epoch,
                identity.pending_key or None,
            )
        except Incorrect as error:
            log.warning("command refused", device=str(identity.device_id), reason=str(error))
            return
        if kind is CommandKind.TAKEN:
            self._device.use_key()
        elif not identity.pending_key:
            self._device.make_key()
            self.hurry()

    def request(self, now: float) -> bytes | None:
        """The request that is due, sealed anew each time; None where there is none."""
        if now < self.due_at:
            return None
        wait_s = min(ASK_MAX_S, ASK_AFTER_S * 2**self._asked)
        self._asked, self._due_at = min(self._asked + 1, 8), now + wait_s
        identity = self._device.identity
        return build_request(
            identity.pending_key,
            identity.device_key,
            identity.device_id,
            identity.key_epoch + 1,
            identity.service_point,
        )
