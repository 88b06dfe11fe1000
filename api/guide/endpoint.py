"""GET /docs/fhir: the implementation guide; public, as it tells of no patient."""

from starlette.requests import Request
from starlette.responses import Response

from api.guide.page import page
from api.site import site
from fhir.search.capability import capability_statement

PATH = "/docs/fhir"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "public, max-age=300",
}


async def guide(request: Request) -> Response:
    """The guide for the base URL that this reader has come to."""
    here = site(request)
    base = here.base(request)
    statement = capability_statement(base, here.version, here.started)
    return Response(page(statement, base), 200, _HEADERS, "text/html; charset=utf-8")
