"""gzip for who accepts it (RFC 9110, section 12.5.3); all others get their answers as they are."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Message, Receive, Scope, Send

from api.fields import field

_VARY = (b"vary", b"Accept-Encoding")


class Compression(GZipMiddleware):
    """Starlette's, but that an answer that stays as it is costs a header and no more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back."""
        if scope["type"] != "http" or "gzip" in (field(scope, b"accept-encoding") or ""):
            await super().__call__(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARY]
            await send(message)

        await self.app(scope, receive, tell)
