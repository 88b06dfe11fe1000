"""Client assertions: ``private_key_jwt`` as SMART narrows it (RFC 7523).

Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from api.smart.jwks import JwksCache
from api.smart.keys import ALGORITHMS, MAX_KID_CHARS, Jwks, select
from api.smart.refusal import Refusal
from api.tokens import CLOCK_SKEW_S
from core.errors import Forbidden, Incorrect, Unavailable
from store import clients
from store.clients import Client
from store.database import Database

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_CHARS = 16_384
MAX_LIFE_S = 300
MAX_AHEAD_S = 5
"""By how much a client's clock may be ahead before its ``exp`` is too late."""
MAX_JTI_CHARS = 255
MAX_TIME = 2**40
_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
_REGISTRY.max_header_length = 4096
_REGISTRY.max_payload_length = MAX_CHARS
_REGISTRY.max_signature_length = 2048
_KEYS_IN_HEADER = {"jwk", "x5u", "x5c", "crit", "b64"}


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says, before anything of it is believed."""

    text: str
    algorithm: str
    kid: str
    jku: str | None
    client_id: str
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Finds out which client makes a request."""

    database: Database
    jwks: JwksCache

    async def client(self, text: str, audience: str) -> Client:
        """The client whose assertion this is, for ``audience``; it is good for this once.

        Raises Refusal.
        """
        assertion = read(text)
        async with self.database.transaction() as tx:
            client = await clients.find(tx, assertion.client_id)
        if client is None or client.status != "active":
            raise refused(assertion.client_id, "no such client" if client is None else "disabled")
        if assertion.jku is not None and assertion.jku != client.jwks_url:
            raise refused(client.id, "jku is not the registered JWKS URL")
        verify(assertion, await self._keys(client, assertion.kid))
        jti, expires_at = check_claims(assertion, audience, time.time())
        async with self.database.transaction() as tx:
            if not await clients.use_assertion(tx, client.id, jti, expires_at):
                raise refused(client.id, "jti was used before", told="this jti was used before")
        return client

    async def _keys(self, client: Client, kid: str) -> Jwks:
        if client.jwks_url is None:
            return client.jwks or {"keys": []}
        try:
            return await self.jwks.get(client.jwks_url, kid)
        except (Unavailable, Forbidden, Incorrect) as error:
            told = "the registered JWKS cannot be read"
            raise refused(client.id, f"JWKS: {error}", told=told) from error


def refused(client: str, reason: str, told: str = "the client is not authenticated") -> Refusal:
    """A refusal that tells a stranger nothing, and the log why."""
    return Refusal("invalid_client", told, reason=reason, client=client)


def read(text: str) -> Assertion:
    """The parts of an assertion, if its form is right. Raises Refusal."""
    if len(text) > MAX_CHARS or not text.isascii():
        raise refused("", "no JWT")
    try:
        signed = jws.extract_compact(text.encode("ascii"), registry=_REGISTRY)
        header, claims = signed.headers(), orjson.loads(signed.payload or b"")
    except (JoseError, ValueError, TypeError):
        raise refused("", "no JWT") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise refused("", "no JWT")
    client = claims.get("iss")
    if not isinstance(client, str) or not 1 <= len(client) <= 255 or "\x00" in client:
        raise refused("", "no iss")
    if client != claims.get("sub"):
        raise refused(client, "iss is not sub")
    _check_header(client, header)
    return Assertion(text, header["alg"], header["kid"], header.get("jku"), client, claims)


def _check_header(client: str, header: dict[str, Any]) -> None:
    kid, jku = header.get("kid"), header.get("jku")
    if header.get("alg") not in ALGORITHMS:
        raise refused(client, "alg is none of ours")
    if header.get("typ") != "JWT":
        raise refused(client, "typ is not JWT")
    if not isinstance(kid, str) or not 1 <= len(kid) <= MAX_KID_CHARS:
        raise refused(client, "no kid")
    if "jku" in header and not isinstance(jku, str):
        raise refused(client, "jku is no text")
    if _KEYS_IN_HEADER & set(header):
        raise refused(client, "a header that we do not follow")


def verify(assertion: Assertion, jwks: Jwks) -> None:
    """Check the signature by the key that the header names. Raises Refusal."""
    key = select(jwks, assertion.kid, assertion.algorithm)
    if key is None:
        raise refused(assertion.client_id, "kid names no key for this alg")
    try:
        jws.deserialize_compact(
            assertion.text, key, algorithms=[assertion.algorithm], registry=_REGISTRY
        )
    except (JoseError, ValueError, TypeError):
        raise refused(assertion.client_id, "the signature is wrong") from None


def check_claims(assertion: Assertion, audience: str, now: float) -> tuple[str, datetime]:
    """Check what a rightly signed assertion claims; its ``jti``, and when it expires.

    ``now`` is in seconds since the epoch. Raises Refusal; the key's owner may know why.
    """
    claims = assertion.claims
    wrong = _wrong_times(claims, now)
    if claims.get("aud") != audience:
        wrong = f"aud is not {audience}"
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS or "\x00" in jti:
        wrong = f"jti is not a text of 1 to {MAX_JTI_CHARS} characters"
    if wrong is not None:
        raise refused(assertion.client_id, wrong, told=wrong)
    return str(jti), datetime.fromtimestamp(math.ceil(claims["exp"]), UTC)


def _wrong_times(claims: dict[str, Any], now: float) -> str | None:
    exp, iat, nbf = (claims.get(name) for name in ("exp", "iat", "nbf"))
    if not _is_time(exp):
        return "exp is missing"
    if exp <= now:
        return "exp is past"
    if exp > now + MAX_LIFE_S + MAX_AHEAD_S:
        return f"exp is more than {MAX_LIFE_S} s ahead"
    if iat is not None and not (_is_time(iat) and iat <= min(now + CLOCK_SKEW_S, exp)):
        return "iat is no time in the past"
    if nbf is not None and not (_is_time(nbf) and nbf <= now + CLOCK_SKEW_S):
        return "nbf is no time in the past"
    return None


def _is_time(value: object) -> TypeGuard[float]:
    # A bool is an int to Python; NaN compares with nothing.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= MAX_TIME
