"""Emergency access: a client that may, reads beyond its narrowed scopes and says why.

The right is the scope ``hisbundle/break-glass``, registered with the client and asked for with
the token; the reason is a header of each request. It widens reading and searching of types that
the token shows in part, for that request: no writes, no type without a scope, no AuditEvent, and
no Binary. 45 CFR 164.312(a)(2)(ii); purpose of use BTG of HL7 v3 ActReason.
"""

import structlog
from prometheus_client import Counter
from starlette.requests import Request

from api.fields import field
from api.requests import caller
from core.errors import Forbidden, Incorrect

SCOPE = "hisbundle/break-glass"
HEADER = "X-Break-Glass"
_FIELD = HEADER.lower().encode()
MIN_CHARS, MAX_CHARS = 10, 500
BROKEN = Counter("hisbundle_break_glass", "Requests that broke the glass")
_log = structlog.get_logger(__name__)


def reason(request: Request) -> str | None:
    """Why this request breaks the glass; None where it does not ask to.

    Raises Forbidden without the right, Incorrect without a proper reason. It is told in the log
    (without the reason, which may name a patient), counted, and written to the audit trail.
    """
    given = field(request.scope, _FIELD)
    if given is None:
        return None
    if "break_glass" not in request.scope:
        request.scope["break_glass"] = _checked(request, _text(given).strip())
        _log.warning("glass broken", client=caller(request).subject, path=_pattern(request))
        BROKEN.inc()
    told: str = request.scope["break_glass"]
    return told


def _checked(request: Request, told: str) -> str:
    if SCOPE not in caller(request).scopes:
        _log.warning("access denied", client=caller(request).subject, reason=f"no {SCOPE}")
        raise Forbidden(f"{HEADER} needs the scope {SCOPE}")
    if not (MIN_CHARS <= len(told) <= MAX_CHARS and told.isprintable()):
        raise Incorrect(f"{HEADER}: a reason of {MIN_CHARS} to {MAX_CHARS} characters, please")
    return told


def _text(header: str) -> str:
    """The header as UTF-8, which HTTP libraries hand over as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _pattern(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "none"))
