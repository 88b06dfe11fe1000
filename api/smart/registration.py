"""What a client must bring to be registered: a name, keys or their address, scopes, patients.

Source: https://hl7.org/fhir/smart-app-launch/backend-services.html#step-1-register
"""

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from uuid import uuid4

import orjson

from api import break_glass, metrics
from api.smart import introspection
from api.smart.keys import key_set
from core import outbound
from core.errors import Forbidden, Incorrect
from fhir.access.scopes import PATIENT, parse
from store import clients, resources
from store.database import Transaction

MAX_NAME_CHARS = 200
MAX_PATIENTS, MAX_GROUPS = 1000, 10
OWN_SCOPES = frozenset({metrics.SCOPE, introspection.SCOPE, break_glass.SCOPE})


async def register(
    tx: Transaction,
    name: str,
    scopes: Sequence[str],
    *,
    jwks: bytes | None = None,
    jwks_url: str | None = None,
    patients: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> str:
    """Register a client, by the bytes of its key set or their URL; its id. Raises Incorrect.

    Its scopes ``patient/`` are about ``patients`` and the members of ``groups`` (ids).
    """
    if (jwks is None) == (jwks_url is None):
        raise Incorrect("a key set or its URL, one of them")
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Incorrect(f"a name of 1 to {MAX_NAME_CHARS} characters, please")
    check_scopes(scopes)
    await check_patients(tx, scopes, patients, groups)
    id_ = str(uuid4())
    add = partial(clients.add, tx, id_, name, scopes, patients=patients, groups=groups)
    if jwks_url is not None:
        check_url(jwks_url)
        await add(jwks_url=jwks_url)
        return id_
    try:
        document = orjson.loads(jwks or b"")
    except orjson.JSONDecodeError:
        raise Incorrect("the key set is not JSON") from None
    await add(jwks=key_set(document))
    return id_


async def check_patients(
    tx: Transaction, scopes: Sequence[str], patients: Sequence[str], groups: Sequence[str]
) -> None:
    """Raises Incorrect for patient scopes of nobody, patients without them, and the unknown."""
    if len(patients) > MAX_PATIENTS or len(groups) > MAX_GROUPS:
        raise Incorrect(f"at most {MAX_PATIENTS} patients and {MAX_GROUPS} groups; make a group")
    keys = [*(("Patient", name) for name in patients), *(("Group", name) for name in groups)]
    if bool(keys) != any(scope.startswith(PATIENT) for scope in scopes):
        raise Incorrect("scopes patient/… go with patients or a group, and these with such scopes")
    there = await resources.present(tx, keys) if keys else set()
    for key in keys:
        if key not in there:
            raise Incorrect(f"there is no {'/'.join(key)}")


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
