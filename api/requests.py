"""What every FHIR route checks of a request: format, scope, preference, form."""

from collections.abc import Set
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.fields import field
from api.tokens import Caller
from core.errors import Incorrect
from fhir import media
from fhir.search.request import Pair

FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 65_536
_READ_PARAMS = {"_format", "_pretty"}


def caller(request: Request) -> Caller:
    """Who makes the request, as the gate has found."""
    found: Caller = request.scope["caller"]
    return found


def negotiate(accept: str | None, format_: str | None) -> None:
    """Raises 406 unless JSON or XML will do; ``_format`` counts before ``Accept``."""
    if media.wanted(accept, format_) is None:
        raise HTTPException(406, "this server speaks application/fhir+json and fhir+xml, in UTF-8")


def read_params(request: Request, also: Set[str] = frozenset()) -> bool:
    """Check the parameters of a read, ``also`` among them; whether ``_pretty`` was asked for."""
    if not request.scope.get("query_string"):
        negotiate(field(request.scope, b"accept"), None)
        return False
    pairs = request.query_params
    unknown = sorted(set(pairs) - _READ_PARAMS - also)
    if unknown and not is_lenient(request):
        raise Incorrect(f"unknown parameter {unknown[0][:80]!r}")
    negotiate(request.headers.get("accept"), pairs.get("_format"))
    return pairs.get("_pretty") == "true"


def is_lenient(request: Request) -> bool:
    """Whether the client prefers that unknown parameters are ignored."""
    return prefers(request, "handling=lenient")


def prefers(request: Request, wish: str) -> bool:
    """Whether ``wish`` is among the client's preferences (RFC 7240)."""
    preferences = request.headers.get("prefer", "").replace(" ", "").split(",")
    return any(wish in preference.split(";") for preference in preferences)


async def form(request: Request) -> list[Pair]:
    """The parameters in a form, after those in the URL. Raises 413 and 415."""
    text = (await body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
    media_type = request.headers.get("content-type", FORM if not text else "")
    if media_type.partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, f"_search takes {FORM}")
    return request.query_params.multi_items() + parse_qsl(text, keep_blank_values=True)


def expect_json(request: Request, told: str = "send application/fhir+json") -> None:
    """Raises 415, saying ``told``, unless the body is sent as JSON."""
    if media.named(request.headers.get("content-type", "")) is not media.Form.JSON:
        raise HTTPException(415, told)


async def body(request: Request, max_bytes: int) -> bytes:
    """The request's body. Raises 413 as soon as it is longer than ``max_bytes``."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > max_bytes:
            raise HTTPException(413, f"more than {max_bytes} bytes")
    return bytes(received)
