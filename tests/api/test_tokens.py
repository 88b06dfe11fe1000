import stat
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from api.tokens import ALGORITHM, AUDIENCE, ISSUER, issue, load_or_create_key, verify
from core.errors import Unauthenticated


@pytest.fixture(scope="module")
def key() -> ECKey:
    return ECKey.generate_key("P-256", private=True)


def _signed(key: ECKey, header: dict[str, str] | None = None, **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "x", "iat": now, "exp": now + 60, "scope": "a"
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt"} | (header or {}), claims, key)


def test_what_was_issued_is_believed(key: ECKey) -> None:
    caller = verify(key, issue(key, ["system/*.rs", "b"], 60, "ehr"))
    assert caller.subject == "ehr"
    assert caller.scopes == ("system/*.rs", "b")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": None},
        {"nbf": int(time.time()) + 3600},
        {"scope": ["system/*.rs"]},
        {"exp": "soon"},
    ],
)
def test_wrong_claims(key: ECKey, changes: dict[str, Any]) -> None:
    verify(key, _signed(key))
    with pytest.raises(Unauthenticated):
        verify(key, _signed(key, **changes))


def test_another_kind_of_token(key: ECKey) -> None:
    with pytest.raises(Unauthenticated):
        verify(key, _signed(key, {"typ": "JWT"}))


def test_another_key(key: ECKey) -> None:
    with pytest.raises(Unauthenticated):
        verify(key, _signed(ECKey.generate_key("P-256", private=True)))


def test_no_algorithm_and_the_public_key_as_secret(key: ECKey) -> None:
    _, claims, signature = _signed(key).split(".")
    none = urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "at+jwt"})).rstrip(b"=").decode()
    public = OctKey.import_key(key.as_pem(private=False).hex())
    plain = orjson.loads(urlsafe_b64decode(claims + "=="))
    confused = jwt.encode({"alg": "HS256", "typ": "at+jwt"}, plain, public)
    for token in (f"{none}.{claims}.", f"{none}.{claims}.{signature}", confused):
        with pytest.raises(Unauthenticated):
            verify(key, token)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "....", "é.é.é", "x" * 10_000, "\x00"])
def test_garbage(key: ECKey, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(key, token)


def test_every_changed_character_is_refused(key: ECKey) -> None:
    token = issue(key, ["a"], 60)
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Unauthenticated):
            verify(key, token[:place] + other + token[place + 1 :])


def test_the_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load_or_create_key(path), range(8)))
    keys.append(load_or_create_key(path))
    assert len({key.as_pem(private=True) for key in keys}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["key.pem"]
