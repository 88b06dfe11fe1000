"""Where a broker is and how to enter, from a URL (mqtt://, mqtts://) and certificate files."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.errors import Incorrect

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host, TCP port, whether TLS is spoken, and the credentials, which are never printed."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_address(url: str) -> BrokerAddress:
    """Read ``mqtts://user:password@host:port``; user and password are percent-decoded.

    Raises Incorrect, without repeating the URL, for another scheme, no host, a bad port or
    a path.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Incorrect("broker URL: host or port cannot be read") from error
    if parts.scheme not in _PORTS:
        raise Incorrect("broker URL: the scheme must be mqtt or mqtts")
    if not parts.hostname:
        raise Incorrect("broker URL: there is no host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Incorrect("broker URL: nothing may follow the port (percent-encode passwords)")
    return BrokerAddress(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "mqtts",
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password).encode(),
    )


def tls_context(
    ca_file: Path | None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """A client context that checks the broker's name and certificate.

    ``ca_file`` None trusts the system's authorities. Raises Incorrect if a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert_file is not None:
            context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise Incorrect(f"broker certificates: {error}") from error
    return context
