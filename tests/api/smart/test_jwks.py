"""Key sets behind URLs, from a real server."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx
import orjson
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.smart.jwks import DEFAULT_AGE_S, MAX_AGE_S, REFETCH_S, JwksCache, age_s
from core.errors import Forbidden, Incorrect, Unavailable
from core.outbound import Outbound
from store.database import Database
from tests.api.smart.support import EC, JWKS, Service, public_keys, registered
from tests.httpd import Site, serving

LOOPBACK = Outbound((ip_network("127.0.0.0/8"),))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def keys() -> AsyncIterator[Site]:
    async with serving() as site:
        site.body = orjson.dumps(JWKS)
        yield site


def _url(keys: Site) -> str:
    return f"http://127.0.0.1:{keys.port}/jwks.json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> JwksCache:
    return JwksCache(LOOPBACK, clock)


@pytest.fixture
async def remote(database: Database, http: httpx.AsyncClient, keys: Site) -> Service:
    return await registered(database, http, url=_url(keys))


async def test_a_client_by_its_url(remote: Service, keys: Site) -> None:
    assert (await remote.ask()).status_code == 200
    assert (await remote.ask(remote.assertion({"jku": _url(keys)}))).status_code == 200
    assert len(keys.requests) == 1
    refused = await remote.ask(remote.assertion({"jku": _url(keys) + "?"}))
    assert refused.json()["error"] == "invalid_client"


async def test_a_rotated_key_is_found(remote: Service, keys: Site, app: FastAPI) -> None:
    clock = Clock()
    app.state.site.smart.authenticator.jwks._clock = clock
    fresh = ECKey.generate_key("P-384", private=True)
    assert (await remote.ask()).status_code == 200
    keys.body = orjson.dumps(public_keys(new=fresh))
    assertion = remote.assertion({"kid": "new"}, fresh)
    assert (await remote.ask(assertion)).status_code == 401
    clock.now += REFETCH_S
    assert (await remote.ask(assertion)).status_code == 200
    # The old key went with the old set.
    assert (await remote.ask()).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"keys":[]}', b"<html>", orjson.dumps({"keys": [1]})]
)
async def test_no_key_set_lets_nobody_in(remote: Service, keys: Site, body: bytes) -> None:
    keys.body = body
    answer = await remote.ask()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_url_within_is_not_fetched(database: Database, http: httpx.AsyncClient) -> None:
    service = await registered(database, http, url="https://169.254.169.254/jwks")
    answer = await service.ask()
    assert answer.status_code == 401
    assert "169.254" not in answer.text


async def test_kept_no_longer_than_allowed(cache: JwksCache, clock: Clock, keys: Site) -> None:
    keys.headers["Cache-Control"] = "public, max-age=20"
    for seconds, fetched in ((0, 1), (19, 1), (1, 2), (19, 2), (1, 3)):
        clock.now += seconds
        assert await cache.get(_url(keys), "ec") == JWKS
        assert len(keys.requests) == fetched


async def test_what_may_not_be_stored_is_fetched_each_time(cache: JwksCache, keys: Site) -> None:
    keys.headers["Cache-Control"] = "no-store"
    for fetched in (1, 2, 3):
        await cache.get(_url(keys), "ec")
        assert len(keys.requests) == fetched


async def test_unknown_names_do_not_hammer_the_server(
    cache: JwksCache, clock: Clock, keys: Site
) -> None:
    for n in range(50):
        await cache.get(_url(keys), f"made-up-{n}")
    assert len(keys.requests) == 1
    clock.now += REFETCH_S
    await cache.get(_url(keys), "made-up")
    assert len(keys.requests) == 2


async def test_who_asks_together_causes_one_fetch(cache: JwksCache, keys: Site) -> None:
    keys.delay_s = 0.1
    asked = [asyncio.create_task(cache.get(_url(keys), "ec")) for _ in range(20)]
    await asyncio.sleep(0.02)
    asked[0].cancel()
    assert await asyncio.gather(*asked[1:]) == [JWKS] * 19
    assert len(keys.requests) == 1


async def test_an_old_set_does_not_outlive_its_server(
    cache: JwksCache, clock: Clock, keys: Site
) -> None:
    await cache.get(_url(keys), "ec")
    keys.status = "500 Oops"
    clock.now += DEFAULT_AGE_S
    with pytest.raises(Unavailable):
        await cache.get(_url(keys), "ec")
    with pytest.raises(Forbidden):
        await JwksCache(Outbound()).get(_url(keys), "ec")
    keys.status, keys.body = "200 OK", orjson.dumps({"keys": [EC.as_dict(private=True)]})
    with pytest.raises(Incorrect):
        await cache.get(_url(keys), "ec")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, DEFAULT_AGE_S),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "MAX-AGE=60"}, 60),
        ({"cache-control": "max-age=60", "age": "50"}, 10),
        ({"cache-control": "max-age=60", "age": "500"}, 0),
        ({"cache-control": "max-age=999999999"}, MAX_AGE_S),
        ({"cache-control": "no-cache, max-age=60"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=-1"}, DEFAULT_AGE_S),
    ],
)
def test_how_long_an_answer_is_kept(headers: dict[str, str], seconds: float) -> None:
    assert age_s(headers) == seconds
