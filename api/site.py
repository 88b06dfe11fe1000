"""What the routes work with: handed over once by ``api.main``, kept in ``app.state``."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from api.bulk.pace import Pace
from api.enrolment import Enrolment
from api.links import CursorKey
from api.renderings import Renderings
from api.smart.server import SmartServer
from api.strips import StripReader
from core.keyring import KeyRing
from core.settings import Settings
from fhir.search.request import Limits
from store.database import Database
from store.reader import Reader
from store.searcher import Searcher

FHIR_PATH = "/fhir"


@dataclass(frozen=True, slots=True)
class Site:
    """The service behind the routes.

    ``database`` is the requests' share of the connections, ``writes`` what those may have of it
    that wait for the FHIR clock, and ``probe`` is bounded by neither.
    """

    database: Database
    writes: Database
    probe: Database
    reader: Reader
    searcher: Searcher
    settings: Settings
    cursor_key: CursorKey
    keyring: KeyRing
    strips: StripReader
    renderings: Renderings
    enrolment: Enrolment
    smart: SmartServer
    pace: Pace
    version: str
    started: datetime

    @property
    def limits(self) -> Limits:
        """Entries of a page."""
        return Limits(self.settings.page_count_default, self.settings.page_count_max)

    def base(self, request: Request) -> str:
        """The FHIR base URL as this client reaches it, without a slash at the end."""
        return self.root(request) + FHIR_PATH

    def root(self, request: Request) -> str:
        """The service's URL as this client reaches it, without a slash at the end."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")


def site(request: Request) -> Site:
    """The service that a request came to; an entry of a transaction has one of its own."""
    found: Site = request.scope.get("site") or request.app.state.site
    return found
