"""The forms of OAuth endpoints: every parameter once (RFC 6749, section 3.2)."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.requests import FORM, body
from api.smart.refusal import Refusal

MAX_FORM_BYTES = 32_768
MAX_FIELDS = 32


async def read_form(request: Request) -> dict[str, str]:
    """The parameters in the body; an empty one counts as missing. Raises Refusal, HTTPException."""
    text = (await body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise HTTPException(415, f"{FORM}, please")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refusal("invalid_request", "too many parameters") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refusal("invalid_request", "a parameter is given twice")
    if "\x00" in text or any("\x00" in value for value in found.values()):
        raise Refusal("invalid_request", "a character that no text may contain")
    return {name: value for name, value in found.items() if value}


def need(form: dict[str, str], name: str) -> str:
    """A parameter that must be there."""
    if name not in form:
        raise Refusal("invalid_request", f"{name} is missing")
    return form[name]
