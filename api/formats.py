"""JSON inside, JSON or XML outside: requests and answers in the form that the client speaks.

https://hl7.org/fhir/R4/http.html#mime-type. Routes read and give FHIR JSON only. A body in XML
is converted when a route reads it, so that nobody's XML is parsed before the gate has let them
in; an answer in FHIR JSON is converted on its way out, whoever gives it. Everything else
(files, metrics, OAuth) passes as it is, in parts.
"""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.fields import field
from api.requests import FORM
from api.site import FHIR_PATH
from core.errors import Incorrect
from core.json_text import dumps
from fhir.media import Form, bare, named, wanted
from fhir.outcome import operation_outcome
from fhir.xml.reader import from_xml
from fhir.xml.writer import to_xml

XML_MAX_BYTES = 16 << 20
"""Of a body in XML; what a route takes may be less."""
_IN_THREAD_BYTES = 65_536
"""About 5 ms of conversion: what is longer must not hold up other requests."""
_OTHER_BODIES = {FORM, "application/json-patch+json"}
_VARY = (b"vary", b"Accept")
_JSON = Form.JSON.value.partition(";")[0]
_log = structlog.get_logger(__name__)


class Formats:
    """ASGI middleware; inside gzip, so that it sees answers uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back."""
        if scope["type"] == "http":
            path = scope["path"]
            if path == FHIR_PATH or path.startswith(f"{FHIR_PATH}/"):
                receive = _incoming(scope, receive)
            send = outgoing(scope, send)
        await self._app(scope, receive, send)


def _incoming(scope: Scope, receive: Receive) -> Receive:
    """``receive``, giving the body as JSON; raises HTTPException 415 for a type that is none."""
    encoding = field(scope, b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        return _encoded
    given = field(scope, b"content-type")
    if not given:
        return receive
    form = named(given)
    if form is Form.JSON or bare(given) in _OTHER_BODIES:
        return receive
    if form is Form.XML:
        headers = MutableHeaders(scope=scope)
        headers["content-type"] = _JSON
        del headers["content-length"]
        return _Converted(receive).receive

    async def refuse() -> Message:
        raise HTTPException(415, f"FHIR is taken as {_JSON} or application/fhir+xml, in UTF-8")

    return refuse


async def _encoded() -> Message:
    """Raises HTTPException 415 (RFC 7694, section 3)."""
    headers = {"Accept-Encoding": "identity"}
    raise HTTPException(415, "a body is taken as it is, without Content-Encoding", headers)


class _Converted:
    """A request whose body is read as XML, and given as JSON in one message."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_read = False

    async def receive(self) -> Message:
        """The body, then what else comes. Raises Incorrect, HTTPException 413."""
        if self._is_read:
            return await self._receive()
        body = bytearray()
        more = True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > XML_MAX_BYTES:
                raise HTTPException(413, f"more than {XML_MAX_BYTES} bytes")
        self._is_read = True
        return {"type": "http.request", "body": await _converted(_to_json, bytes(body))}


def outgoing(scope: Scope, send: Send) -> Send:
    """``send``, putting an answer in FHIR JSON into the form that was asked for.

    A route that has found ``_format`` elsewhere than in the URL notes it as ``scope["format"]``.
    """
    start: Message | None = None
    body = bytearray()

    async def tell(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            is_fhir = (field(message, b"content-type") or "").startswith(_JSON)
            if is_fhir or message["status"] == 304:
                message["headers"] = [*message["headers"], _VARY]
            if is_fhir and _asked(scope) is Form.XML:
                start = message
                return
        elif start is not None and message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            held, start = start, None
            for part in await _in_xml(held, bytes(body)):
                await send(part)
            return
        await send(message)

    return tell


def _asked(scope: Scope) -> Form | None:
    format_ = scope.get("format")
    if format_ is None and b"_format" in scope["query_string"]:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        format_ = dict(pairs).get("_format")
    accept = field(scope, b"accept")
    return wanted(accept, format_) or wanted(accept, None)  # where it is refused, it is told so


async def _in_xml(start: Message, body: bytes) -> tuple[Message, Message]:
    """The two messages of an answer in XML; with lines where the JSON had lines."""
    headers = MutableHeaders(scope=start)
    headers["content-type"] = Form.XML.value
    if body:  # the answer to HEAD may have none
        try:
            body = await _converted(to_xml, body, pretty=body.startswith(b"{\n"))
        except Incorrect as error:
            _log.error("answer has no XML", reason=str(error))
            start["status"] = 406
            del headers["etag"], headers["last-modified"]
            told = f"this has no FHIR XML: ask for {_JSON} ({error})"
            body = to_xml(operation_outcome("not-supported", told))
        headers["content-length"] = str(len(body))
    return start, {"type": "http.response.body", "body": body}


def _to_json(document: bytes) -> bytes:
    return dumps(from_xml(document))


async def _converted(convert: Any, document: bytes, **options: Any) -> bytes:
    if len(document) > _IN_THREAD_BYTES:
        return bytes(await asyncio.to_thread(convert, document, **options))
    return bytes(convert(document, **options))
