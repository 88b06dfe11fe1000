"""The local authority, by real TLS handshakes."""

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest

from hisbundle.embedded.certificates import SERVER_LIFE, ServerTls

NOW = datetime.datetime.now(datetime.UTC)


async def _handshake(tls: ServerTls, trusted: Path, name: str) -> dict[str, object]:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls.context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = ssl.create_default_context(cafile=trusted)
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=name
        )
        certificate = writer.get_extra_info("peercert")
        writer.close()
        await writer.wait_closed()
        return dict(certificate)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "ecg.example"])
async def test_a_client_that_trusts_the_authority_connects(tmp_path: Path, name: str) -> None:
    tls = ServerTls(tmp_path / "tls", ["ecg.example"])
    await _handshake(tls, tls.ca_path, name)


async def test_another_name_and_another_authority_are_refused(tmp_path: Path) -> None:
    tls, other = ServerTls(tmp_path / "a", ["127.0.0.1"]), ServerTls(tmp_path / "b", ["127.0.0.1"])
    with pytest.raises(ssl.SSLCertVerificationError):
        await _handshake(tls, tls.ca_path, "elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        await _handshake(tls, other.ca_path, "localhost")


async def test_a_second_start_keeps_authority_and_certificate(tmp_path: Path) -> None:
    first = ServerTls(tmp_path, ["127.0.0.1"])
    before = await _handshake(first, first.ca_path, "localhost")
    ca = first.ca_path.read_bytes()
    second = ServerTls(tmp_path, ["127.0.0.1"])
    assert second.ca_path.read_bytes() == ca
    assert (await _handshake(second, second.ca_path, "localhost")) == before


async def test_renewal_before_the_end_keeps_the_devices_trust(tmp_path: Path) -> None:
    nearly_over = NOW - SERVER_LIFE + datetime.timedelta(days=29)
    tls = ServerTls(tmp_path, ["127.0.0.1"], nearly_over)
    before = await _handshake(tls, tls.ca_path, "localhost")
    ca = tls.ca_path.read_bytes()
    assert tls.refresh(NOW)
    after = await _handshake(tls, tls.ca_path, "localhost")
    assert after["serialNumber"] != before["serialNumber"]
    assert tls.ca_path.read_bytes() == ca
    assert not tls.refresh(NOW)


async def test_a_new_bind_host_gets_a_new_certificate(tmp_path: Path) -> None:
    ServerTls(tmp_path, ["127.0.0.1"])
    tls = ServerTls(tmp_path, ["10.1.2.3"])
    await _handshake(tls, tls.ca_path, "10.1.2.3")


def test_keys_are_private(tmp_path: Path) -> None:
    ServerTls(tmp_path / "tls", ["127.0.0.1"])
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    for name in ("ca-key.pem", "server.pem"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o777 == 0o600
