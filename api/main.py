"""The HTTP application put together; ``hisbundle.service`` composes what it needs."""

from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.types import ASGIApp

from api import openapi, routes
from api.audit.middleware import Audit
from api.audit.refusals import Refusals
from api.bulk.pace import Pace
from api.compression import Compression
from api.dispatch import Dispatch
from api.edge import Edge
from api.enrolment import Enrolment
from api.formats import Formats
from api.gate import Gate
from api.links import CursorKey
from api.renderings import Renderings
from api.site import Site
from api.smart.server import smart_server
from api.sockets.app import Sockets
from api.sockets.connection import Desk
from api.sockets.hub import Hub
from api.strips import StripReader
from core.keyring import KeyRing
from core.settings import Settings
from store.auditor import Auditor
from store.database import Database
from store.reader import Reader
from store.searcher import Searcher
from store.share import Share

CONNECTIONS, WRITING = 8, 3
"""What requests may have of the database's connections, and those of them that write."""
GZIP_MIN_BYTES = 1400
GZIP_LEVEL = 1
"""An ECG strip: 35 µs and 4.0 KB, against 102 µs and 3.8 KB at level 6."""


def create_app(
    database: Database,
    keyring: KeyRing,
    settings: Settings,
    token_key: ECKey,
    enrolment: Enrolment,
) -> FastAPI:
    """The application; it opens and closes nothing that it was given."""
    share = Share(database, CONNECTIONS)
    here = Site(
        database=share,
        writes=Share(share, WRITING),
        probe=database,
        reader=Reader(database),
        searcher=Searcher(database),
        settings=settings,
        cursor_key=CursorKey.derive(token_key.as_pem(private=True)),
        keyring=keyring,
        strips=StripReader(keyring),
        renderings=Renderings(),
        enrolment=enrolment,
        smart=smart_server(database, settings, token_key),
        pace=Pace(),
        version=version("hisbundle"),
        started=datetime.now(UTC),
    )
    app = FastAPI(
        title="hisbundle",
        version=here.version,
        docs_url=None,
        redoc_url=None,
        # Spans of requests would carry ids of patients out of the house.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,  # there is nothing at /fhir/Patient/, and that is told in FHIR
    )
    app.state.site = here
    openapi.install(app)
    routes.install(app)
    app.state.dispatch = Dispatch(app.routes)
    auditor = Auditor(database)
    guarded = _guarded(app.state.dispatch, here, auditor)
    app.middleware_stack = Sockets(guarded, Desk(here, Hub(database), auditor))
    return app


def _guarded(dispatch: Dispatch, here: Site, auditor: Auditor) -> ASGIApp:
    """What every request passes on its way, from the inside out."""
    public_url = here.settings.public_url
    refusals = Refusals(auditor, public_url)
    app: ASGIApp = Audit(dispatch, auditor, refusals, public_url)
    app = Formats(Gate(app, here.smart.bearers, refusals))
    return Edge(Compression(app, minimum_size=GZIP_MIN_BYTES, compresslevel=GZIP_LEVEL))
