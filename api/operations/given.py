"""Parameters of an operation from the URL, and from a Parameters resource that is sent."""

from starlette.requests import Request

from api.requests import body, expect_json
from core import json_text
from core.errors import Incorrect
from fhir.parameters import texts
from fhir.search.request import Pair
from fhir.values import Json

MAX_BYTES = 65_536


async def given(request: Request) -> list[Pair]:
    """All of them as pairs of texts, those of the URL first. Raises Incorrect for NUL in one."""
    pairs: list[Pair] = [*request.query_params.multi_items(), *texts(await sent(request))]
    if any("\x00" in name + value for name, value in pairs):
        raise Incorrect("a parameter without NUL, please")
    return pairs


async def nothing(request: Request) -> None:
    """Raises Incorrect for parameters of an operation that takes none."""
    if (await sent(request)).get("parameter"):
        raise Incorrect("the operation takes no parameters")


async def sent(request: Request) -> Json:
    """The Parameters in the body; empty without one. Raises 413, 415 and Incorrect."""
    text = await body(request, MAX_BYTES) if request.method == "POST" else b""
    if not text:
        return {}
    expect_json(request)
    plain = json_text.loads(text)
    if not isinstance(plain, dict) or plain.get("resourceType") != "Parameters":
        raise Incorrect("send a Parameters resource")
    return plain
