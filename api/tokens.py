"""Bearer tokens of our own: JWTs signed with ES256 (RFC 9068, RFC 7518 section 3.4)."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from core.errors import Unauthenticated
from fhir.access.scopes import Rights

ISSUER = "hisbundle"
AUDIENCE = "hisbundle-fhir"
KEY_FILE = "token-key.pem"
ALGORITHM = "ES256"
CLOCK_SKEW_S = 30
MAX_TOKEN_CHARS = 8192

_CLAIMS = jwt.JWTClaimsRegistry(
    leeway=CLOCK_SKEW_S,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
)


class InvalidToken(Unauthenticated):
    """A token was given, and is none of ours or no longer valid."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and the scopes that their token grants, as text.

    A token for a registered client names it and itself; a development token does not. The
    client's ``patients`` stand in no token: they are looked up at each request.
    """

    subject: str
    scopes: tuple[str, ...]
    client_id: str | None = None
    token_id: str | None = None
    issued_at: int = 0
    expires_at: int = 0
    patients: frozenset[str] = frozenset()

    @property
    def rights(self) -> Rights:
        """What they may do."""
        return Rights(self.scopes, self.patients)


def load_or_create_key(path: Path) -> ECKey:
    """The P-256 signing key in ``path`` (PEM, mode 0600), made on first use."""
    try:
        return ECKey.import_key(path.read_bytes())
    except FileNotFoundError:
        return _create_key(path)


def _create_key(path: Path) -> ECKey:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = ECKey.generate_key("P-256", private=True)
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.as_pem(private=True))
    try:
        # A link fails where another process was first; its key then counts for both.
        os.link(draft, path)
    except FileExistsError:
        return ECKey.import_key(path.read_bytes())
    finally:
        draft.unlink()
    return key


def issue(
    key: ECKey,
    scopes: Sequence[str],
    life_s: int,
    subject: str = "developer",
    *,
    client_id: str | None = None,
) -> str:
    """A token for ``scopes`` that lasts ``life_s`` seconds."""
    now = int(time.time())
    claims: dict[str, str | int] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + life_s,
        "jti": uuid4().hex,
        "scope": " ".join(scopes),
    }
    if client_id is not None:
        claims["client_id"] = client_id
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt"}, claims, key)


def verify(key: ECKey, token: str) -> Caller:
    """Who ``token`` speaks for. Raises InvalidToken, saying as little as helps."""
    if len(token) > MAX_TOKEN_CHARS:
        raise InvalidToken("the bearer token is too long")
    try:
        decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
        _CLAIMS.validate(decoded.claims)
    except (JoseError, ValueError, TypeError):
        raise InvalidToken("the bearer token is invalid or expired") from None
    claims = decoded.claims
    scope = claims.get("scope", "")
    if decoded.header.get("typ") != "at+jwt" or not isinstance(scope, str):
        raise InvalidToken("this is not an access token")
    return Caller(
        subject=str(claims["sub"]),
        scopes=tuple(scope.split()),
        client_id=claims.get("client_id"),
        token_id=claims.get("jti"),
        issued_at=int(claims["iat"]),
        expires_at=int(claims["exp"]),
    )
