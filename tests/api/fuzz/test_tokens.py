"""Tokens of any making: as bearer, as assertion, and at introspection and revocation."""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import orjson
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from api.smart.assertion import TYPE
from api.tokens import issue
from store.database import Database
from tests.api.fuzz.support import Answer, Wire, beside, bounded, words
from tests.api.smart.support import EC, JWKS, TOKEN_URL, signed

EXAMPLES = 200
FORM = [("content-type", "application/x-www-form-urlencoded")]


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**62) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ALGORITHMS = ["none", "None", "ES256", "ES384", "RS384", "HS256", "PS384", "dir", "", "EdDSA"]
header = st.fixed_dictionaries(
    {"alg": st.sampled_from(ALGORITHMS) | PLAIN},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt"]) | PLAIN,
        "kid": st.sampled_from(["ec", "rsa", "../../etc/passwd"]) | PLAIN,
        "crit": st.just(["b64"]) | PLAIN,
        "b64": PLAIN,
        "jku": st.just("http://127.0.0.1:1/x") | PLAIN,
        "jwk": st.sampled_from(JWKS["keys"]) | PLAIN,
        "zip": st.just("DEF") | PLAIN,
        "enc": st.just("A128GCM") | PLAIN,
    },
)
claims = st.dictionaries(
    st.sampled_from(words("iss sub aud exp nbf iat jti scope client_id")),
    PLAIN | st.sampled_from(["hisbundle", "hisbundle-fhir", TOKEN_URL, 2**53, "1e999"]),
)
deep = st.sampled_from([900, 3000]).map(lambda n: b"[" * n + b"]" * n)
part = (
    header.map(orjson.dumps)
    | claims.map(orjson.dumps)
    | PLAIN.map(orjson.dumps)
    | deep
    | st.binary(max_size=30)
).map(b64) | st.text(max_size=9)
made_up = st.lists(part, max_size=6).map(".".join)
by_key = st.builds(
    lambda h, c: signed({"alg": "ES384", "kid": "ec", "typ": "JWT"} | h, orjson.dumps(c), EC),
    st.fixed_dictionaries({}, optional={"typ": st.just("JWT"), "x": PLAIN}),
    claims,
)
token = made_up | made_up | by_key


def _mutated(text: str, where: int, letter: str) -> str:
    at = where % len(text)
    return text[:at] + letter + text[at + 1 :]


async def test_random_bearers(wire: Wire, token_key: ECKey) -> None:
    """Whatever is none of ours opens nothing, changed copies of ours among it."""
    send = wire.through()
    real = issue(token_key, ("system/*.rs",), 60)
    last = len(real) - 1  # the last letter holds bits that say nothing
    changed = st.builds(
        _mutated, st.just(real), st.integers(0, last - 1), st.sampled_from("AzÿB.=")
    )

    @bounded(EXAMPLES)
    @given(token | changed)
    def search(text: str) -> None:
        bearer = [("authorization", f"Bearer {text}")]
        assert send("GET", "/fhir/Patient", bearer).status == 401 or text == real

    await beside(search)


async def test_random_assertions(wire: Wire) -> None:
    """At the OAuth endpoints: an OAuth error, never to be kept."""
    send = wire.through()
    grant = {"grant_type": "client_credentials", "client_assertion_type": TYPE}

    @bounded(EXAMPLES)
    @given(
        st.sampled_from(["token", "introspect", "revoke"]),
        token,
        st.text(max_size=20) | st.sampled_from(["system/*.rs", "system/Patient.rs?category=%ff"]),
        st.booleans(),
    )
    def search(endpoint: str, text: str, scope: str, as_bearer: bool) -> None:
        form = grant | {"client_assertion": text, "scope": scope, "token": text}
        bearer = [] if as_bearer else [("authorization", f"Bearer {text}")]
        body = urlencode(form, errors="replace").encode()
        _is_oauth(send("POST", f"/auth/{endpoint}", [*FORM, *bearer], body))

    await beside(search)


async def test_random_forms(wire: Wire, database: Database) -> None:
    send = wire.through()
    name = st.sampled_from([*words("grant_type scope token client_assertion client_id"), "x"])
    pairs = st.lists(st.tuples(name, st.text(max_size=9)), max_size=40)

    @bounded(EXAMPLES // 2)
    @given(pairs.map(lambda p: urlencode(p, errors="replace").encode()) | st.binary(max_size=80))
    def search(body: bytes) -> None:
        _is_oauth(send("POST", "/auth/token", FORM, body))

    await beside(search)


def _is_oauth(answer: Answer) -> None:
    if answer.status >= 400:
        assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
