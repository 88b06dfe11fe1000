"""Entries of the audit trail from a request, its answer, and what the route noted meanwhile."""

import re

from starlette.types import Message, Scope

from api.fields import field
from core.audit import Entry
from fhir.audit.interaction import CHANGES, Interaction, interaction

MAX_REQUEST_BYTES = 131_072
"""More than any request line and form that a route takes."""
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ETAG = re.compile(r'(?:W/)?"(\d{1,19})"')
_PLACE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/(\d{1,19}))?")
_MAX_CHARS = 256
_Place = tuple[str | None, str | None, str | None]
"""Type, id and version."""
_UNAVAILABLE, _FAULT, _REFUSED = 503, 500, 400


def outcome(status: int) -> int:
    """https://hl7.org/fhir/R4/valueset-audit-event-outcome.html: 0, 4, 8 or 12."""
    if status == _UNAVAILABLE:
        return 12
    return 8 if status >= _FAULT else 4 if status >= _REFUSED else 0


def begun(scope: Scope, public_url: str | None, does: Interaction) -> Entry | None:
    """What is to be written before a request is carried out: that a change begins."""
    return _entry(scope, public_url, does, _place(scope, does)) if does.code in CHANGES else None


def ended(
    scope: Scope, public_url: str | None, does: Interaction, start: Message, form: bytes = b""
) -> list[Entry]:
    """What is to be written before an answer leaves: an entry for each patient disclosed.

    ``start`` is the answer's first message.
    """
    status, place = start["status"], _place(scope, does)
    if status >= _REFUSED:
        return [_entry(scope, public_url, does, place, status, form)]
    if does.version is None:
        place = _placed(place, start)
    patients = _patients(scope, place)
    first = _entry(scope, public_url, does, place, status, form, *patients[:1])
    return [first, *(first._replace(patient=patient) for patient in patients[1:])]


def refused(scope: Scope, public_url: str | None, status: int) -> Entry:
    """An entry for a request of somebody who is not known."""
    does = interaction(scope["method"], scope["path"])
    return _entry(scope, public_url, does, _place(scope, does), status)


def _entry(
    scope: Scope,
    public_url: str | None,
    does: Interaction,
    place: _Place,
    status: int | None = None,
    form: bytes = b"",
    patient: str | None = None,
) -> Entry:
    caller, client = scope.get("caller"), scope.get("client")
    server = _server(scope, public_url)
    type_, id_, version = place
    return Entry(
        interaction=does.code,
        method=clean(scope["method"]) or "",
        request=_request(scope, server, form),
        status=status,
        outcome=0 if status is None else outcome(status),
        client=clean(caller.client_id or caller.subject) if caller else None,
        token=clean(caller.token_id) if caller else None,
        patient=patient,
        type=type_,
        resource_id=id_,
        version=version,
        request_id=scope.get("request_id"),
        address=clean(client[0]) if client else None,
        server=server,
        reason=clean(scope.get("break_glass")),
    )


def _place(scope: Scope, does: Interaction) -> _Place:
    """What the request is about, as far as it can be part of a FHIR reference."""
    type_, id_ = scope.get("about", (does.type, does.id))
    return _named(type_), _named(id_), _named(does.version)


def _patients(scope: Scope, place: _Place) -> list[str]:
    found: set[str] = scope.get("disclosed", set())
    type_, id_, _ = place
    if not found and type_ == "Patient" and id_ is not None:
        return [id_]
    return sorted(found)


def _placed(place: _Place, start: Message) -> _Place:
    """The version that is answered, and the id that a new resource got."""
    new = _PLACE.fullmatch(field(start, b"location") or "")
    if new is not None:
        return new[1], new[2], new[3]
    tag = _ETAG.fullmatch(field(start, b"etag") or "")
    return (place[0], place[1], tag[1]) if tag and place[1] else place


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
