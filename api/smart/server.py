"""What the OAuth endpoints work with, made once, and the address they answer for."""

from dataclasses import dataclass

from joserfc.jwk import ECKey
from starlette.requests import Request

from api.smart.assertion import Authenticator
from api.smart.bearers import Bearers
from api.smart.jwks import JwksCache
from api.smart.refusal import Refusal
from core.outbound import outbound
from core.settings import Settings
from store.database import Database

TOKEN_PATH = "/auth/token"  # noqa: S105 (an address)
LIFE_S = 300
"""Life of a client's access token, seconds; the guide recommends no more."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class SmartServer:
    """The authorisation server's parts."""

    settings: Settings
    key: ECKey
    authenticator: Authenticator
    bearers: Bearers

    def audience(self, request: Request) -> str:
        """The token URL, which every assertion must be made out to. Raises Refusal.

        A Host header is not believed: an assertion that a client made out to another server
        could be brought here with that server's name. So without a public URL only those are
        served who call us by a loopback name or by the address that we are bound to.
        """
        if self.settings.public_url is not None:
            return self.settings.public_url.rstrip("/") + TOKEN_PATH
        if request.base_url.hostname not in _LOOPBACK | {self.settings.bind_host}:
            told = "this server does not know its own URL: set HISBUNDLE_PUBLIC_URL"
            raise Refusal("invalid_request", told)
        return str(request.base_url).rstrip("/") + TOKEN_PATH


def smart_server(database: Database, settings: Settings, key: ECKey) -> SmartServer:
    """The server for ``settings``; it reads the CA file, if there is one."""
    ca_pem = settings.outbound_ca_file.read_text() if settings.outbound_ca_file else None
    jwks = JwksCache(outbound(settings.outbound_networks, ca_pem))
    return SmartServer(settings, key, Authenticator(database, jwks), Bearers(key, database))
