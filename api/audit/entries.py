"""Entries of the audit trail from a request, its answer, and what the route noted meanwhile."""

import re
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

from core.audit import Entry
from fhir.audit.interaction import CHANGES, Interaction, interaction

MAX_REQUEST_BYTES = 131_072
"""More than any request line and form that a route takes."""
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ETAG = re.compile(r'(?:W/)?"(\d{1,19})"')
_PLACE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/(\d{1,19}))?")
_MAX_CHARS = 256
_Told = dict[str, Any]
"""What makes an Entry."""
_UNAVAILABLE, _FAULT, _REFUSED = 503, 500, 400


def outcome(status: int) -> int:
    """https://hl7.org/fhir/R4/valueset-audit-event-outcome.html: 0, 4, 8 or 12."""
    if status == _UNAVAILABLE:
        return 12
    return 8 if status >= _FAULT else 4 if status >= _REFUSED else 0


def begun(scope: Scope, public_url: str | None, form: bytes = b"") -> Entry | None:
    """What is to be written before a request is carried out: that a change begins."""
    does = interaction(scope["method"], scope["path"])
    if does.code not in CHANGES:
        return None
    return Entry(**_common(scope, public_url, form, does))


def ended(
    scope: Scope, public_url: str | None, status: int, headers: Headers, form: bytes = b""
) -> list[Entry]:
    """What is to be written before an answer leaves: an entry for each patient disclosed."""
    does = interaction(scope["method"], scope["path"])
    common = _common(scope, public_url, form, does, status)
    if status >= _REFUSED:
        return [Entry(**common)]
    if does.version is None:
        common |= _placed(common, headers)
    patients = _patients(scope, common)
    return [Entry(**common, patient=patient) for patient in patients] or [Entry(**common)]


def refused(scope: Scope, public_url: str | None, status: int) -> Entry:
    """An entry for a request of somebody who is not known."""
    does = interaction(scope["method"], scope["path"])
    return Entry(**_common(scope, public_url, b"", does, status))


def _common(
    scope: Scope, public_url: str | None, form: bytes, does: Interaction, status: int | None = None
) -> _Told:
    caller, client = scope.get("caller"), scope.get("client")
    type_, id_ = scope.get("about", (does.type, does.id))
    server = _server(scope, public_url)
    return {
        "interaction": does.code,
        "method": clean(scope["method"]) or "",
        "request": _request(scope, server, form),
        "status": status,
        "outcome": 0 if status is None else outcome(status),
        "client": clean(caller.client_id or caller.subject) if caller else None,
        "token": clean(caller.token_id) if caller else None,
        "type": _named(type_),
        "resource_id": _named(id_),
        "version": _named(does.version),
        "request_id": scope.get("request_id"),
        "address": clean(client[0]) if client else None,
        "server": server,
        "reason": clean(scope.get("break_glass")),
    }


def _patients(scope: Scope, told: _Told) -> Iterable[str]:
    found: set[str] = scope.get("disclosed", set())
    if not found and told["type"] == "Patient" and told["resource_id"] is not None:
        return [told["resource_id"]]
    return sorted(found)


def _placed(told: _Told, headers: Headers) -> _Told:
    """The version that is answered, and the id that a new resource got."""
    place = _PLACE.fullmatch(headers.get("location", ""))
    if place is not None:
        return {"type": place[1], "resource_id": place[2], "version": place[3]}
    tag = _ETAG.fullmatch(headers.get("etag", ""))
    return {"version": tag[1]} if tag and told["resource_id"] else {}


def _request(scope: Scope, server: str, form: bytes) -> bytes:
    """Method, URL and form as they came, the path not decoded."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    line = b"%s %s%s" % (scope["method"].encode(), server.encode(), path)
    sent = form or scope.get("listed", "").encode("utf-8", "replace")
    told = line + (b"?" + query if query else b"") + (b"\r\n\r\n" + sent if sent else b"")
    return told[:MAX_REQUEST_BYTES]


def _server(scope: Scope, public_url: str | None) -> str:
    """Our URL; without a public one the address that the request came in by, never its Host."""
    if public_url is not None:
        return public_url.rstrip("/")
    host, port = scope.get("server") or ("unknown", None)
    return f"{scope.get('scheme', 'http')}://{host}" + (f":{port}" if port else "")


def _named(text: str | None) -> str | None:
    """A part of a path, if it can be part of a FHIR reference."""
    return text if text is not None and _ID.fullmatch(text) else None


def clean(text: str | None) -> str | None:
    """What a stranger wrote, as a text that a database can hold."""
    if not text:
        return None
    if len(text) <= 2 * _MAX_CHARS and text.isascii() and "\x00" not in text:
        return text
    plain = text[: 2 * _MAX_CHARS].encode("utf-8", "replace").decode()
    return plain.replace("\x00", "\N{REPLACEMENT CHARACTER}")
