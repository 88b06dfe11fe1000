"""Where operations are: (path below the FHIR base, methods, endpoint)."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.operations import document, spectrum

ROUTES: tuple[tuple[str, tuple[str, ...], Callable[[Request], Awaitable[Response]]], ...] = (
    ("/Observation/{id}/$spectrum", ("GET",), spectrum.spectrum),
    ("/DiagnosticReport/{id}/$document", ("GET",), document.document),
)
