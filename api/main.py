"""The HTTP application: what is served where. ``hisbundle.service`` composes what it needs."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from api import binaries, enrolments, errors, metadata, metrics, reads, searches
from api.edge import Edge
from api.enrolment import Enrolment
from api.formats import Formats
from api.gate import Gate
from api.links import CursorKey
from api.renderings import Renderings
from api.site import FHIR_PATH, Site
from api.smart import discovery, introspection, revocation, token
from api.smart.server import smart_server
from api.strips import StripReader
from core.keyring import KeyRing
from core.settings import Settings
from fhir.search.params import Interaction, ResourceType
from fhir.search.registry import TYPES
from store.database import Database

GZIP_MIN_BYTES = 1400
GZIP_LEVEL = 1
"""An ECG strip: 35 µs and 4.0 KB, against 102 µs and 3.8 KB at level 6."""

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, ResourceType], Awaitable[Response]]

_ROUTES: tuple[tuple[Interaction, str, str, Handler], ...] = (
    (Interaction.SEARCH_TYPE, "", "GET", searches.search_get),
    (Interaction.SEARCH_TYPE, "/_search", "POST", searches.search_post),
    (Interaction.READ, "/{id}", "GET", reads.read),
    (Interaction.HISTORY_INSTANCE, "/{id}/_history", "GET", reads.history),
    (Interaction.VREAD, "/{id}/_history/{version}", "GET", reads.vread),
)


def create_app(
    database: Database,
    keyring: KeyRing,
    settings: Settings,
    token_key: ECKey,
    enrolment: Enrolment,
) -> FastAPI:
    """The application; it opens and closes nothing that it was given."""
    here = Site(
        database=database,
        settings=settings,
        cursor_key=CursorKey.derive(token_key.as_pem(private=True)),
        keyring=keyring,
        strips=StripReader(keyring),
        renderings=Renderings(),
        enrolment=enrolment,
        smart=smart_server(database, settings, token_key),
        version=version("hisbundle"),
        started=datetime.now(UTC),
    )
    app = FastAPI(
        title="hisbundle",
        version=here.version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # there is nothing at /fhir/Patient/, and that is told in FHIR
    )
    app.state.site = here
    errors.install(app)
    _serve_service(app)
    for kind in TYPES.values():
        _serve_type(app, kind)
    # The last added is the outermost.
    app.add_middleware(Gate, bearers=here.smart.bearers)
    app.add_middleware(Formats)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_MIN_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(Edge)
    return app


def _serve_service(app: FastAPI) -> None:
    for prefix in ("", FHIR_PATH):
        _add(app, f"{prefix}/metadata", "GET", metadata.metadata)
        smart = f"{prefix}/.well-known/smart-configuration"
        _add(app, smart, "GET", discovery.smart_configuration)
    _add(app, token.PATH, "POST", token.token)
    _add(app, introspection.PATH, "POST", introspection.introspect)
    _add(app, revocation.PATH, "POST", revocation.revoke)
    _add(app, "/health", "GET", metadata.health)
    _add(app, "/metrics", "GET", metrics.metrics)
    _add(app, "/enrolment/key", "GET", enrolments.key)
    _add(app, "/enrolment", "POST", enrolments.enrol)


def _serve_type(app: FastAPI, kind: ResourceType) -> None:
    for interaction, path, method, handler in _ROUTES:
        if interaction in kind.interactions:
            serve = binaries.read if kind.name == "Binary" else handler
            _add(app, f"{FHIR_PATH}/{kind.name}{path}", method, _bound(serve, kind))


def _bound(handler: Handler, kind: ResourceType) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await handler(request, kind)

    endpoint.__name__ = f"{handler.__name__}_{kind.name}"
    endpoint.__doc__ = handler.__doc__
    return endpoint


def _add(app: FastAPI, path: str, method: str, endpoint: Endpoint) -> None:
    app.add_api_route(path, endpoint, methods=[method], response_model=None)
    if method == "GET":
        app.add_api_route(
            path, endpoint, methods=["HEAD"], response_model=None, include_in_schema=False
        )
