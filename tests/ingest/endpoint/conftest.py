"""An endpoint on an ephemeral port, its sink, a device that may enter."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingest.endpoint import Limits, MqttEndpoint
from tests.ingest.certificates import Certificates, make_certificates
from tests.ingest.sinks import MemorySink, Passwords

Start = Callable[..., Awaitable[MqttEndpoint]]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return make_certificates(folder)


@pytest.fixture
def server_tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    return context


@pytest.fixture
async def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def device(passwords: Passwords) -> UUID:
    device_id = uuid4()
    passwords.add(device_id)
    return device_id


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
async def start(sink: MemorySink, passwords: Passwords) -> AsyncIterator[Start]:
    endpoints: list[MqttEndpoint] = []

    async def _start(tls: ssl.SSLContext | None = None, **limits: float) -> MqttEndpoint:
        chosen = Limits(**{"linger_s": 0.2, "drain_s": 1.0, **limits})  # type: ignore[arg-type]
        endpoint = MqttEndpoint(sink, passwords, tls, port=0, limits=chosen)
        endpoints.append(endpoint)
        await endpoint.start()
        return endpoint

    yield _start
    sink.gate.set()
    for endpoint in endpoints:
        await endpoint.close()


@pytest.fixture
async def endpoint(start: Start) -> MqttEndpoint:
    return await start()
