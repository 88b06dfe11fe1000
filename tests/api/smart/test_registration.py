"""What cannot be registered."""

from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey

from api.smart.keys import key_set, select
from api.smart.registration import register
from core.errors import Incorrect
from store import clients
from store.database import Database
from tests.api.smart.support import EC, JWKS, RSA, public_keys

EC_KEY: dict[str, Any] = EC.as_dict(private=False)
RSA_KEY: dict[str, Any] = RSA.as_dict(private=False)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [EC.as_dict(private=True) | {"kid": "a"}],
        [RSA.as_dict(private=True) | {"kid": "a"}],
        [OctKey.generate_key(256).as_dict(private=True) | {"kid": "a"}],
        [EC_KEY],
        [EC_KEY | {"kid": ""}],
        [EC_KEY | {"kid": 7}],
        [EC_KEY | {"kid": "a", "use": "enc"}],
        [EC_KEY | {"kid": "a", "alg": "ES256"}],
        [EC_KEY | {"kid": "a", "key_ops": ["sign"]}],
        [EC_KEY | {"kid": "a", "key_ops": None}],
        [EC_KEY | {"kid": "a", "x": "AAAA"}],
        [EC_KEY | {"kid": "a", "y": 7}],
        [ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "a"}],
        [RSA_KEY | {"kid": "a", "n": RSA_KEY["n"][:170]}],
        [RSA_KEY | {"kid": "a", "n": "_" * 2000}],
        [RSA_KEY | {"kid": "a", "e": ""}],
        [EC_KEY | {"kid": "a"}] * 33,
        ["a"],
    ],
)
def test_no_key_set(keys: list[Any]) -> None:
    with pytest.raises(Incorrect):
        key_set({"keys": keys})


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": {}}])
def test_no_key_set_at_all(document: object) -> None:
    with pytest.raises(Incorrect):
        key_set(document)


def test_one_name_is_one_key_for_an_algorithm() -> None:
    both = {"keys": [EC_KEY | {"kid": "a"}, RSA_KEY | {"kid": "a"}]}
    assert isinstance(select(both, "a", "ES384"), ECKey)
    assert select(both, "a", "RS384") is not None
    assert select(both, "b", "RS384") is None
    twice = {"keys": [*public_keys(a=EC)["keys"], *public_keys(a=EC)["keys"]]}
    assert select(twice, "a", "ES384") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 201},
        {"scopes": []},
        {"scopes": ["system/Patient.dus"]},
        {"scopes": ["patient/Patient.rs"]},
        {"scopes": ["system/Patient.rs?gender=male"]},
        {"scopes": ["openid"]},
        {"jwks": None},
        {"jwks": b"{"},
        {"jwks_url": "https://a.test/"},
        {"jwks": None, "jwks_url": "http://a.test/"},
        {"jwks": None, "jwks_url": "http://10.0.0.1/"},
        {"jwks": None, "jwks_url": "https://u@a.test/"},
        {"jwks": None, "jwks_url": "ftp://a.test/"},
    ],
    ids=str,
)
async def test_what_is_refused(database: Database, changes: dict[str, Any]) -> None:
    right = {"name": "a", "scopes": ["system/*.rs"], "jwks": orjson.dumps(JWKS)}
    with pytest.raises(Incorrect):
        async with database.transaction() as tx:
            await register(tx, **(right | changes))
    async with database.transaction() as tx:
        assert await clients.listing(tx, 10) == []


@pytest.mark.parametrize("url", ["https://a.test/jwks", "http://127.0.0.1:1/", "http://localhost/"])
async def test_urls_that_are_taken(database: Database, url: str) -> None:
    async with database.transaction() as tx:
        id_ = await register(tx, "a", ["hisbundle/metrics"], jwks_url=url)
        found = await clients.find(tx, id_)
    assert found is not None
    assert (found.jwks, found.jwks_url, found.status) == (None, url, "active")
