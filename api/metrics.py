"""Prometheus metrics of the HTTP side; routes and numbers only, nothing of a patient.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from functools import lru_cache

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.grants import denied
from api.requests import caller

SCOPE = "hisbundle/metrics"

REQUESTS = Counter("hisbundle_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "hisbundle_http_request_seconds",
    "Time to the answer's last byte",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)


@lru_cache(maxsize=1024)
def meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """What counts such answers, and what measures how long such requests take."""
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)


async def metrics(request: Request) -> Response:
    """All metrics of this process, for a token with the scope ``hisbundle/metrics``."""
    if SCOPE not in caller(request).scopes:
        raise denied(request, SCOPE)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
