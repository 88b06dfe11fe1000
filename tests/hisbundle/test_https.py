"""HTTPS: which versions of TLS the HTTP port speaks."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from core.settings import Settings
from hisbundle.http import serve_http
from hisbundle.ports import resolve_port
from tests.ingest.certificates import Certificates, make_certificates


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


@pytest.fixture
async def port(certificates: Certificates) -> AsyncIterator[int]:
    settings = Settings.model_validate(
        {
            "http_port": resolve_port("127.0.0.1", 0, "--http-port"),
            "tls_cert_file": certificates.cert,
            "tls_key_file": certificates.key,
        }
    )
    started = asyncio.Event()
    task = asyncio.create_task(serve_http(PlainTextResponse("hello"), settings, started.set))
    await started.wait()
    yield settings.http_port
    task.cancel()
    await asyncio.wait([task])


async def _spoken(port: int, ca: Path, most: ssl.TLSVersion) -> str | None:
    """The version agreed on with a client that knows none later than ``most``."""
    context = ssl.create_default_context(cafile=ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = most
    # At the usual level this client would not even ask for what is too old.
    context.set_ciphers("ALL:@SECLEVEL=0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    version: str | None = writer.get_extra_info("ssl_object").version()
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
    await writer.wait_closed()
    return version


async def test_tls_1_2_and_later(port: int, certificates: Certificates) -> None:
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        assert await _spoken(port, certificates.ca, version) == name


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_nothing_older(
    port: int, certificates: Certificates, version: ssl.TLSVersion
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _spoken(port, certificates.ca, version)
