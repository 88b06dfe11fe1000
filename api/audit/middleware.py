"""ASGI middleware: no answer begins before its entries in the audit trail are committed."""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit.entries import begun, ended
from api.audit.refusals import Refusals
from api.errors import answer
from api.requests import MAX_FORM_BYTES
from core.errors import Unavailable
from fhir.audit.interaction import interaction
from store.auditor import Auditor

NOT_AUDITED = frozenset(
    {
        "/health",
        "/metrics",
        "/metadata",
        "/fhir/metadata",
        "/.well-known/smart-configuration",
        "/fhir/.well-known/smart-configuration",
    }
)
"""What tells nothing of anybody."""
_ASKED_BY_BODY = frozenset({"_search", "$lastn", "$everything", "$stats", "$export"})
"""Ends of paths below which the body says whose data are asked for."""
_OAUTH = "/auth/"
_REFUSED, _FAULT = 400, 500


class Audit:
    """Inside the gate, so that the caller is known, and around everything else.

    A change is written down before it is carried out too: should the trail fail in between, it
    still tells of the attempt. What cannot be written down is answered with 503.
    """

    def __init__(
        self, app: ASGIApp, auditor: Auditor, refusals: Refusals, public_url: str | None
    ) -> None:
        self._app = app
        self._auditor = auditor
        self._refusals = refusals
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out one request."""
        if scope["type"] != "http" or scope["path"] in NOT_AUDITED:
            await self._app(scope, receive, send)
            return
        await _Audited(self._auditor, self._refusals, self._public_url, scope, send).run(
            self._app, receive
        )


class _Audited:
    """One request and its answer."""

    def __init__(
        self, auditor: Auditor, refusals: Refusals, public_url: str | None, scope: Scope, send: Send
    ) -> None:
        self._auditor = auditor
        self._refusals = refusals
        self._public_url = public_url
        self._scope = scope
        self._does = interaction(scope["method"], scope["path"])
        self._send = send
        self._form = bytearray()
        self._started = self._withheld = False

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        """Carry out the request; what it raises is written down as a fault."""
        if self._scope["path"].rpartition("/")[2] in _ASKED_BY_BODY:
            receive = self._overhearing(receive)
        try:
            first = begun(self._scope, self._public_url, self._does)
            if first is not None:
                await self._auditor.record([first])
        except Unavailable as error:
            await answer(error)(self._scope, receive, self._send)
            return
        try:
            await app(self._scope, receive, self._tell)
        except Exception:
            if not self._started:
                with suppress(Unavailable):  # what went wrong first is what must be told
                    await self._record({"status": _FAULT})
            raise

    async def _tell(self, message: Message) -> None:
        if self._withheld:
            return
        if message["type"] == "http.response.start":
            try:
                await self._record(message)
            except Unavailable as error:
                self._withheld = self._started = True
                await answer(error)(self._scope, _nothing, self._send)
                return
            self._started = True
        await self._send(message)

    async def _record(self, start: Message) -> None:
        if self._scope["path"].startswith(_OAUTH) and _REFUSED <= start["status"] < _FAULT:
            await self._refusals.note(self._scope, start["status"])
            return
        made = ended(self._scope, self._public_url, self._does, start, bytes(self._form))
        await self._auditor.record(made)

    def _overhearing(self, receive: Receive) -> Receive:
        """``receive``, the form kept as it passes by."""

        async def overhear() -> Message:
            message = await receive()
            if len(self._form) <= MAX_FORM_BYTES:
                self._form += message.get("body", b"")
            return message

        return overhear


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
