"""What a client must bring to be registered: a name, keys or their address, scopes.

Source: https://hl7.org/fhir/smart-app-launch/backend-services.html#step-1-register
"""

from collections.abc import Sequence
from ipaddress import ip_address
from uuid import uuid4

import orjson

from api import break_glass, metrics
from api.scopes import parse
from api.smart import introspection
from api.smart.keys import key_set
from core import outbound
from core.errors import Forbidden, Incorrect
from store import clients
from store.database import Transaction

MAX_NAME_CHARS = 200
OWN_SCOPES = frozenset({metrics.SCOPE, introspection.SCOPE, break_glass.SCOPE})


async def register(
    tx: Transaction,
    name: str,
    scopes: Sequence[str],
    *,
    jwks: bytes | None = None,
    jwks_url: str | None = None,
) -> str:
    """Register a client, by the bytes of its key set or their URL; its id. Raises Incorrect."""
    if (jwks is None) == (jwks_url is None):
        raise Incorrect("a key set or its URL, one of them")
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Incorrect(f"a name of 1 to {MAX_NAME_CHARS} characters, please")
    check_scopes(scopes)
    id_ = str(uuid4())
    if jwks_url is not None:
        check_url(jwks_url)
        await clients.add(tx, id_, name, scopes, jwks_url=jwks_url)
        return id_
    try:
        document = orjson.loads(jwks or b"")
    except orjson.JSONDecodeError:
        raise Incorrect("the key set is not JSON") from None
    await clients.add(tx, id_, name, scopes, jwks=key_set(document))
    return id_


def check_scopes(scopes: Sequence[str]) -> None:
    """Raises Incorrect for a scope that would grant nothing, and if there is none."""
    if not scopes:
        raise Incorrect("at least one scope, please")
    for scope in scopes:
        if parse(scope) is None and scope not in OWN_SCOPES:
            raise Incorrect(f"a scope that grants nothing: {scope}")


def check_url(url: str) -> None:
    """Raises Incorrect unless ``url`` is https, or http on loopback."""
    try:
        target = outbound.parse(url)
    except Forbidden as error:
        raise Incorrect(str(error)) from None
    if target.scheme == "http" and not _is_loopback(target.host):
        raise Incorrect("https, please; http is for loopback only")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
