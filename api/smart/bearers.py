"""Who bears a token: signature, time, and whether it still counts.

Revocations and disabled clients are looked up in the database, at most once in REFRESH_S for
all requests of a process; so they count everywhere within that time.
"""

import asyncio
import time
from dataclasses import replace

import structlog
from joserfc.jwk import ECKey

from api.tokens import Caller
from api.verified import Verified
from core.errors import Unauthenticated
from fhir.access.compartments import Compartments
from fhir.access.scopes import PATIENT
from store import clients
from store.clients import Refused
from store.database import Database

REFRESH_S = 1.0
_log = structlog.get_logger(__name__)


class Bearers:
    """Checks bearer tokens."""

    def __init__(self, key: ECKey, database: Database) -> None:
        self._verified = Verified(key)
        self._compartments = Compartments(database)
        self._database = database
        self._refused = Refused()
        self._fresh_until = float("-inf")
        self._lock = asyncio.Lock()

    async def caller(self, authorization: str | None) -> Caller:
        """Who makes a request with this header field. Raises Unauthenticated, Unavailable."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("a bearer token is needed")
        return await self.bearer(token.strip())

    async def bearer(self, token: str) -> Caller:
        """Whom ``token`` speaks for. Raises Unauthenticated; Unavailable without a database."""
        caller = self._verified.caller(token)
        # An administrator's token works without a database: for /metrics, above all.
        if caller.client_id is None:
            return caller
        await self._check(caller)
        if not any(scope.startswith(PATIENT) for scope in caller.scopes):
            return caller
        return replace(caller, patients=await self._compartments.of(caller.client_id))

    def forget(self) -> None:
        """Look up anew at the next request: this process has just changed something."""
        self._fresh_until = float("-inf")
        self._compartments.forget()

    async def _check(self, caller: Caller) -> None:
        if time.monotonic() >= self._fresh_until:
            await self._refresh()
        reason = None
        if caller.token_id in self._refused.tokens:
            reason = "the token was revoked"
        elif caller.client_id in self._refused.clients:
            reason = "the client is disabled"
        if reason is not None:
            _log.warning("access denied", client=caller.client_id, reason=reason)
            raise Unauthenticated("the bearer token is invalid or expired")

    async def _refresh(self) -> None:
        async with self._lock:
            now = time.monotonic()
            if now < self._fresh_until:  # somebody else was first
                return
            async with self._database.transaction() as tx:
                self._refused = await clients.refused(tx)
            self._fresh_until = now + REFRESH_S
