"""A backend service with keys of its own, and what it sends."""

import time
from dataclasses import dataclass, field
from json import dumps
from typing import Any
from uuid import uuid4

import httpx
import orjson
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from api.smart.assertion import TYPE
from api.smart.registration import register
from fhir.values import Json
from store.database import Database

ROOT = "http://ecg.test"
TOKEN_URL = f"{ROOT}/auth/token"
ALL = ("system/*.rs",)
RSA = RSAKey.generate_key(2048, private=True)
EC = ECKey.generate_key("P-384", private=True)


def public_keys(**kids: ECKey | RSAKey) -> Json:
    """A key set of public keys by their names."""
    return {"keys": [key.as_dict(private=False) | {"kid": kid} for kid, key in kids.items()]}


JWKS = public_keys(rsa=RSA, ec=EC)


_ALGORITHMS = ["RS384", "ES384", "HS256", "ES256", "RS256", "PS384"]
_SIGNING = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)


def signed(header: Json, claims: Json | bytes, key: Any) -> str:
    payload = claims if isinstance(claims, bytes) else dumps(claims).encode()
    return jws.serialize_compact(header, payload, key, registry=_SIGNING)


@dataclass
class Service:
    """A registered client at the token endpoint."""

    id: str
    http: httpx.AsyncClient
    header: Json = field(default_factory=dict)

    def claims(self, **changes: Any) -> Json:
        """Right claims but for ``changes``; None takes one out."""
        now = int(time.time())
        right = {
            "iss": self.id, "sub": self.id, "aud": TOKEN_URL, "exp": now + 240,
            "iat": now, "jti": uuid4().hex,
        } | changes  # fmt: skip
        return {name: value for name, value in right.items() if value is not None}

    def assertion(self, header: Json | None = None, key: Any = EC, **changes: Any) -> str:
        """An assertion that is right but for what is given."""
        right = {"alg": "ES384", "kid": "ec", "typ": "JWT"} | self.header | (header or {})
        kept = {name: value for name, value in right.items() if value is not None}
        return signed(kept, self.claims(**changes), key)

    def form(self, assertion: str | None = None, **changes: str | None) -> dict[str, str]:
        """A right request but for ``changes``."""
        right = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": assertion or self.assertion(),
            "scope": "system/*.rs",
        } | changes  # fmt: skip
        return {name: value for name, value in right.items() if value is not None}

    async def ask(self, assertion: str | None = None, **changes: str | None) -> httpx.Response:
        """The token endpoint's answer, never to be kept."""
        answer = await self.http.post("/auth/token", data=self.form(assertion, **changes))
        assert answer.headers["cache-control"] == "no-store"
        return answer

    async def token(self, scope: str = "system/*.rs") -> str:
        answer = await self.ask(scope=scope)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def get(self, path: str, token: str) -> httpx.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {token}"})

    async def post(self, path: str, **form: str) -> httpx.Response:
        """A request of an OAuth endpoint that this client authenticates."""
        sent = {"client_assertion_type": TYPE, "client_assertion": self.assertion()} | form
        return await self.http.post(path, data=sent)


async def registered(
    database: Database, http: httpx.AsyncClient, *scopes: str, url: str | None = None
) -> Service:
    """A client that the operator has just registered."""
    keys = None if url else orjson.dumps(JWKS)
    async with database.transaction() as tx:
        id_ = await register(tx, "test", scopes or ALL, jwks=keys, jwks_url=url)
    return Service(id_, http)
