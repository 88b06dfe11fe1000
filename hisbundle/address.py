"""Where a service with given settings is reached."""

import socket
from urllib.parse import urlsplit

from api.site import FHIR_PATH
from core.settings import Settings

_ANY = ("", "0.0.0.0", "::")  # noqa: S104 (they are read, not bound)


def own_url(settings: Settings) -> str:
    """The base URL for HTTP, without a slash at the end."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    scheme = "https" if settings.tls_cert_file else "http"
    host = "127.0.0.1" if settings.bind_host in _ANY else settings.bind_host
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{settings.http_port}"


def fhir_url(settings: Settings) -> str:
    """The FHIR base URL, without a slash at the end."""
    return own_url(settings) + FHIR_PATH


def mqtt_host(settings: Settings) -> str:
    """The host that devices are told to connect to for the embedded endpoint."""
    if settings.public_url is not None:
        return urlsplit(settings.public_url).hostname or settings.bind_host
    return socket.gethostname() if settings.bind_host in _ANY else settings.bind_host
