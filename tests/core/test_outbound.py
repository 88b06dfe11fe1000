"""Where we do not go, and how we go where we do."""

import asyncio
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import outbound
from core.errors import Forbidden, Unavailable
from core.outbound import METADATA, Outbound, parse, plain
from tests.httpd import serving
from tests.ingest.certificates import make_certificates

LOOPBACK = Outbound((ip_network("127.0.0.0/8"),))
EVERYWHERE = Outbound((ip_network("0.0.0.0/0"), ip_network("::/0")))
PUBLIC = Outbound()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://localhost/", "https://[::1]/", "https://10.1.2.3/",
        "https://192.168.0.1/", "https://169.254.169.254/latest", "https://2130706433/",
        "https://0x7f000001/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/",
        "https://[64:ff9b::a9fe:a9fe]/", "https://224.0.0.1/", "https://100.64.0.1/",
        "https://[::7f00:1]/", "https://[fec0::1]/", "https://[2002:7f00:1::]/", "http://93.184.216.34/",
    ],
)  # fmt: skip
async def test_closed_addresses(url: str) -> None:
    with pytest.raises(Forbidden):
        await PUBLIC.get(url)


@pytest.mark.parametrize(
    "url",
    ["ftp://a/", "file:///etc/passwd", "https://", "https://u:p@a.test/", "https://a.test/#x",
     "javascript:1", "a.test/x", "https://a.test:99999/", "https://" + "a" * 3000, "//a.test/",
     "gopher://a.test/", "https://[::1/"],
)  # fmt: skip
def test_closed_urls(url: str) -> None:
    with pytest.raises(Forbidden):
        parse(url)


def _open(where: Outbound, address: str, url: str = "https://a.test/") -> bool:
    try:
        where.check(parse(url), [ip_address(address)])
    except Forbidden:
        return False
    return True


def test_a_wide_network_opens_neither_loopback_nor_metadata() -> None:
    for address in ("127.0.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.1", "::"):
        assert not _open(EVERYWHERE, address)
    for number in METADATA:
        assert not _open(EVERYWHERE, str(number))
        assert not _open(Outbound((ip_network(number),)), str(number))
    assert _open(EVERYWHERE, "10.0.0.1")


def test_listed_networks_are_open() -> None:
    hospital = Outbound((ip_network("10.20.0.0/16"), ip_network("169.254.7.0/24")))
    assert _open(hospital, "10.20.3.4")
    assert not _open(hospital, "10.21.3.4")
    assert _open(hospital, "169.254.7.1")
    assert _open(PUBLIC, "93.184.216.34")
    assert _open(PUBLIC, "2606:2800:220:1::1")
    assert not _open(hospital, "10.20.3.4", "http://a.test/")
    assert _open(LOOPBACK, "127.0.0.1", "http://a.test/")


def test_every_address_of_a_name_counts() -> None:
    with pytest.raises(Forbidden):
        PUBLIC.check(parse("https://a.test/"), [ip_address("93.184.216.34"), ip_address("::1")])


@given(st.ip_addresses(v=4))
def test_no_spelling_in_ipv6_opens_more(address: object) -> None:
    number = int(ip_address(str(address)))
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        spelled = ip_address(int(ip_address(prefix)) + number)
        assert plain(spelled) == address
        assert _open(PUBLIC, str(spelled)) == _open(PUBLIC, str(address))


async def test_a_name_is_resolved_once_and_the_connection_pinned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that would point elsewhere the second time is never asked a second time."""
    asked: list[str] = []

    async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "169.254.169.254", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    async with serving() as site:
        await LOOPBACK.get(f"http://keys.test:{site.port}/jwks")
    assert asked == ["keys.test"]
    assert f"Host: keys.test:{site.port}\r\n" in site.requests[0]


async def test_tls_is_by_name_although_the_address_is_pinned(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    trusting = outbound.outbound(LOOPBACK.networks, made.ca.read_text())
    async with serving((str(made.cert), str(made.key))) as site:
        await trusting.get(f"https://localhost:{site.port}/")
        assert site.sni == ["localhost"]
        with pytest.raises(Unavailable):
            await LOOPBACK.get(f"https://localhost:{site.port}/")


async def test_redirects_are_not_followed() -> None:
    async with serving() as other, serving() as site:
        site.status = "302 Found"
        site.headers["Location"] = f"http://127.0.0.1:{other.port}/"
        with pytest.raises(Unavailable):
            await LOOPBACK.get(f"http://127.0.0.1:{site.port}/")
        assert not other.requests


async def test_proxies_of_the_environment_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy, serving() as site:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        await LOOPBACK.get(f"http://127.0.0.1:{site.port}/")
        assert (len(proxy.requests), len(site.requests)) == (0, 1)


async def test_size_and_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as site:
        url = f"http://127.0.0.1:{site.port}/"
        site.body = b" " * (outbound.MAX_BYTES + 1)
        with pytest.raises(Unavailable):
            await LOOPBACK.get(url)
        site.body = b"x"
        site.headers["Content-Encoding"] = "gzip"
        with pytest.raises(Unavailable):
            await LOOPBACK.get(url)
        site.headers, site.delay_s = {}, 5.0
        monkeypatch.setattr(outbound, "TIMEOUT_S", 0.2)
        with pytest.raises(Unavailable):
            await LOOPBACK.get(url)
    with pytest.raises(Unavailable):
        await LOOPBACK.get(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://127.1/", "https://localhost/", "https://localhost./",
        "https://[::1]/", "https://10.1.2.3/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.1/", "https://017700000001/", "https://0177.0.0.1/", "https://0/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/", "https://[::7f00:1]/", "https://[fe80::1]/",
        "https://[fec0::1]/", "https://169.254.169.254/latest", "https://[fd00:ec2::254]/",
        "https://user@127.0.0.1/", "https://93.184.216.34@127.0.0.1/", "http://93.184.216.34/",
        "https://127.0.0.1:65536/", "https://127.0.0.1:0/", "https://127.0.0.1#@93.184.216.34/",
        "ftp://93.184.216.34/", "https:///hook", "https://\uff11\uff12\uff17.0.0.1/",
        "https://127\u30020\u30020\u30021/", "https://100.64.0.1/", "https://224.0.0.1/",
    ],
)  # fmt: skip
async def test_nothing_is_posted_to_closed_addresses(url: str) -> None:
    with pytest.raises((Forbidden, Unavailable)):
        await PUBLIC.post(url, b"{}", (), 2.0)


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
async def test_metadata_is_closed_although_everything_is_listed(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Forbidden):
        await EVERYWHERE.post(f"https://{host}/latest", b"{}", (), 2.0)


async def test_a_name_that_moves_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it was looked up first, metadata the next time: each post looks anew."""
    answers = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]]

    async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    async with serving() as site:
        url = f"http://hook.test:{site.port}/"
        assert await LOOPBACK.post(url, b"", (), 5.0) == 200
        for _ in range(2):
            with pytest.raises(Forbidden):
                await LOOPBACK.post(url, b"", (), 5.0)
    assert len(site.requests) == 1


async def test_of_an_answer_only_its_status_is_told() -> None:
    async with serving() as other, serving() as site:
        site.status, site.body = "307 Temporary Redirect", b"secret"
        site.headers["Location"] = f"http://127.0.0.1:{other.port}/"
        url = f"http://127.0.0.1:{site.port}/hook"
        assert await LOOPBACK.post(url, b"{}", (("X-Own", "1"),), 5.0) == 307
        assert not other.requests
        assert site.requests[0].startswith("POST /hook HTTP/1.1\r\n")
        assert "X-Own: 1\r\n" in site.requests[0]
        site.body, site.headers = b" " * (50 << 20), {}
        assert await LOOPBACK.post(url, b"{}", (), 5.0) == 307
        site.delay_s = 5.0
        with pytest.raises(Unavailable, match="TimeoutError"):
            await LOOPBACK.post(url, b"{}", (), 0.2)
