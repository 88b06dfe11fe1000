"""The negative list: what an assertion must not be."""

import asyncio
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from json import dumps
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from api.smart.assertion import MAX_LIFE_S, check_claims, read, verify
from api.smart.refusal import Refusal
from store import clients
from store.database import Database
from tests.api.smart.support import (
    EC,
    JWKS,
    RSA,
    TOKEN_URL,
    Service,
    registered,
    signed,
)  # fmt: skip


@dataclass(frozen=True)
class Ahead:
    """So many seconds after the test begins."""

    seconds: int


async def _refused(service: Service, assertion: str) -> dict[str, str]:
    answer = await service.ask(assertion)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == "invalid_client"
    told: dict[str, str] = answer.json()
    return told


async def test_both_algorithms_are_taken(service: Service) -> None:
    assert (await service.ask()).status_code == 200
    rsa = service.assertion({"alg": "RS384", "kid": "rsa"}, RSA)
    assert (await service.ask(rsa)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.test/auth/token"},
        {"aud": [TOKEN_URL]},
        {"aud": TOKEN_URL + "/"},
        {"aud": "http://ecg.test/fhir"},
        {"aud": None},
        {"exp": Ahead(-1)},
        {"exp": Ahead(3600)},
        {"exp": Ahead(MAX_LIFE_S + 20)},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 2**70},
        {"iat": Ahead(200)},
        {"iat": "now"},
        {"iat": Ahead(25), "exp": Ahead(20)},
        {"nbf": Ahead(200)},
        {"nbf": []},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"jti": "a\x00b"},
        {"iss": None},
        {"sub": None},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"iss": "somebody", "sub": "somebody"},
        {"iss": 1, "sub": 1},
        {"iss": "a\x00b", "sub": "a\x00b"},
    ],
    ids=str,
)
async def test_wrong_claims(service: Service, changes: dict[str, Any]) -> None:
    now = time.time()
    placed: dict[str, Any] = {
        k: int(now + v.seconds) if isinstance(v, Ahead) else v for k, v in changes.items()
    }
    await _refused(service, service.assertion(**placed))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"kid": ""},
        {"kid": "other"},
        {"kid": "rsa"},
        {"typ": None},
        {"typ": "at+jwt"},
        {"jku": "https://elsewhere.test/jwks.json"},
        {"jwk": EC.as_dict(private=False)},
        {"x5u": "https://elsewhere.test/chain.pem"},
        {"x5c": ["MIIB"]},
    ],
    ids=lambda header: next(iter(header)),
)
async def test_wrong_headers(service: Service, header: dict[str, Any]) -> None:
    await _refused(service, service.assertion(header))


async def test_other_keys_and_algorithms(service: Service) -> None:
    stranger = ECKey.generate_key("P-384", private=True)
    weak = ECKey.generate_key("P-256", private=True)
    secret = OctKey.import_key(orjson.dumps(JWKS["keys"][1]))
    pem = OctKey.import_key(EC.as_pem(private=False).hex())
    for assertion in (
        service.assertion(key=stranger),
        service.assertion({"alg": "RS384", "kid": "rsa"}, RSAKey.generate_key(2048, private=True)),
        service.assertion({"alg": "ES256"}, weak),
        service.assertion({"alg": "RS256", "kid": "rsa"}, RSA),
        service.assertion({"alg": "PS384", "kid": "rsa"}, RSA),
        service.assertion({"alg": "HS256"}, secret),
        service.assertion({"alg": "HS256"}, pem),
        service.assertion({"alg": "RS384"}, RSA),
    ):
        await _refused(service, assertion)


async def test_no_signature_and_changed_parts(service: Service) -> None:
    header, claims, signature = service.assertion().split(".")
    none = urlsafe_b64encode(b'{"alg":"none","kid":"ec","typ":"JWT"}').rstrip(b"=").decode()
    odd = urlsafe_b64encode(b'{"alg":"ES384","kid":"ec","typ":"JWT","jku":7}').decode()
    other = service.assertion(jti="other").split(".")[1]
    for text in (
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{odd}.{claims}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.{signature[:-4]}",
        "a.b.c", "....", "x", "é.é.é", "x" * 20_000,
        signed({"alg": "ES384", "kid": "ec", "typ": "JWT"}, b"[]", EC),
        signed({"alg": "ES384", "kid": "ec", "typ": "JWT"}, b'{"iss":', EC),
    ):  # fmt: skip
        await _refused(service, text)


async def test_a_replay_is_refused(service: Service) -> None:
    assertion = service.assertion()
    assert (await service.ask(assertion)).status_code == 200
    assert "jti" in (await _refused(service, assertion))["error_description"]
    # Also with another content, and with a scope that was refused.
    again = service.assertion(jti="one")
    assert (await service.ask(again, scope="system/*.cruds")).status_code == 400
    await _refused(service, service.assertion(jti="one", exp=int(time.time()) + 100))


async def test_of_many_at_once_one_is_taken(service: Service) -> None:
    assertion = service.assertion()
    answers = await asyncio.gather(*[service.ask(assertion) for _ in range(6)])
    assert sorted(a.status_code for a in answers) == [200] + [401] * 5


async def test_another_process_knows_what_was_used(service: Service, database_url: str) -> None:
    assertion = service.assertion()
    assert (await service.ask(assertion)).status_code == 200
    claims = read(assertion).claims
    elsewhere = Database(database_url)
    _, until = check_claims(read(assertion), TOKEN_URL, time.time())
    async with elsewhere.transaction() as tx:
        assert not await clients.use_assertion(tx, service.id, claims["jti"], until)
        assert await clients.use_assertion(tx, service.id, "new", until)
    await elsewhere.close()


async def test_one_clients_jti_is_not_anothers(
    service: Service, database: Database, http: httpx.AsyncClient
) -> None:
    other = await registered(database, http)
    for each in (service, other):
        assert (await each.ask(each.assertion(jti="same"))).status_code == 200


async def test_one_client_cannot_speak_for_another(
    service: Service, database: Database, http: httpx.AsyncClient
) -> None:
    other = await registered(database, http)
    answer = await service.ask(client_id=other.id)
    assert answer.status_code == 401
    assert (await service.ask(client_id=service.id)).status_code == 200


async def test_strangers_are_told_nothing(service: Service) -> None:
    """Whether a client exists, its key or its signature is wrong: all look the same."""
    stranger = ECKey.generate_key("P-384", private=True)
    told = [
        await _refused(service, text)
        for text in (
            service.assertion(iss="nobody", sub="nobody"),
            service.assertion(key=stranger),
            service.assertion({"kid": "other"}),
        )
    ]
    assert told[0] == told[1] == told[2]


async def test_a_disabled_client_is_out(service: Service, database: Database) -> None:
    async with database.transaction() as tx:
        await clients.disable(tx, service.id)
    await _refused(service, service.assertion())


@given(st.binary(max_size=60), st.text(max_size=30), st.integers(0, 3))
def test_garbage_is_refused_and_nothing_else(raw: bytes, text: str, place: int) -> None:
    parts = [urlsafe_b64encode(raw).decode() for _ in range(3)]
    parts.insert(place, text)
    for garbage in (text, ".".join(parts[:3]), ".".join(parts)):
        with pytest.raises(Refusal):
            verify(read(garbage), JWKS)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("exp", "iat", "nbf", "jti", "aud"), json)))
def test_random_claims_never_pass(claims: dict[str, Any]) -> None:
    service = Service("me", httpx.AsyncClient())
    raw = dumps({"iss": "me", "sub": "me"} | claims).encode()
    made = signed({"alg": "ES384", "kid": "ec", "typ": "JWT"}, raw, EC)
    with pytest.raises(Refusal):
        check_claims(read(made), TOKEN_URL, time.time())
    assert check_claims(read(service.assertion()), TOKEN_URL, time.time())
