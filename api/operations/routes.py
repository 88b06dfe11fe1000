"""Where operations are: (path below the FHIR base, methods, endpoint)."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.operations import document, everything, lastn, spectrum, stats, subscriptions
from api.sockets import tokens

ROUTES: tuple[tuple[str, tuple[str, ...], Callable[[Request], Awaitable[Response]]], ...] = (
    ("/Patient/{id}/$everything", ("GET", "POST"), everything.everything),
    ("/Observation/$lastn", ("GET", "POST"), lastn.lastn),
    ("/Observation/$stats", ("GET", "POST"), stats.stats),
    ("/Observation/{id}/$spectrum", ("GET", "POST"), spectrum.spectrum),
    ("/DiagnosticReport/{id}/$document", ("GET", "POST"), document.document),
    ("/Subscription/$status", ("GET", "POST"), subscriptions.status_of_several),
    ("/Subscription/{id}/$status", ("GET", "POST"), subscriptions.status_of_one),
    ("/Subscription/$get-ws-binding-token", ("GET", "POST"), tokens.token_of_several),
    ("/Subscription/{id}/$get-ws-binding-token", ("GET", "POST"), tokens.token_of_one),
    ("/Subscription/{id}/$events", ("GET", "POST"), subscriptions.past_events),
)
