"""Who a client is, with a brake on those who keep failing to say so."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from mqtt5 import ConnAckReasonCode

from core.errors import Unavailable
from ingest.endpoint.limits import Limits
from ingest.endpoint.throttle import FailureThrottle

Authenticate = Callable[[str, bytes], Awaitable[UUID | None]]
"""Username and password to the device's id, or None. Raises Unavailable if it cannot say."""


class Doorkeeper:
    """Authenticates through the given callable, a bounded number of failures at a time."""

    def __init__(self, authenticate: Authenticate, limits: Limits) -> None:
        self._authenticate = authenticate
        self._limits = limits
        window_s = limits.failure_window_s
        self._clients = FailureThrottle(limits.failures_per_client, window_s)
        self._addresses = FailureThrottle(limits.failures_per_address, window_s)

    async def identify(
        self, address: str, username: str, password: bytes
    ) -> UUID | ConnAckReasonCode:
        """The device's id, or the reason code to refuse with; answers within ``connect_s``."""
        now_s = asyncio.get_running_loop().time()
        client = (address, username)
        if self._clients.blocked(client, now_s) or self._addresses.blocked(address, now_s):
            return ConnAckReasonCode.CONNECTION_RATE_EXCEEDED
        try:
            async with asyncio.timeout(self._limits.connect_s):
                device_id = await self._authenticate(username, password)
        except (Unavailable, TimeoutError):
            return ConnAckReasonCode.SERVER_UNAVAILABLE
        if device_id is None:
            self._clients.failed(client, now_s)
            self.failed(address)
            return ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
        return device_id

    def failed(self, address: str) -> None:
        """Count a client that does not speak MQTT 5 properly."""
        self._addresses.failed(address, asyncio.get_running_loop().time())
