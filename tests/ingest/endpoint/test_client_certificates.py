"""Mutual TLS at the endpoint: a real handshake, and whom the certificate names."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import mqtt5
import pytest
import structlog
from mqtt5 import ConnAckReasonCode as Code

from core.errors import Incorrect
from core.settings import Settings
from hisbundle.embedded.certificates import ServerTls
from hisbundle.parts import assemble
from ingest.endpoint import MqttEndpoint
from ingest.endpoint.certificate import names_in
from store.database import Database
from tests.ingest.certificates import make_certificates
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, Passwords

OTHER = uuid4()


@pytest.fixture
def ours(tmp_path: Path, device: UUID, passwords: Passwords) -> Path:
    """A folder with an authority of ours, and certificates of two devices."""
    passwords.add(OTHER)
    make_certificates(tmp_path, [str(device), str(OTHER)])
    return tmp_path


@pytest.fixture(params=[True, False], ids=["required", "optional"])
async def mutual(
    request: pytest.FixtureRequest, ours: Path, sink: MemorySink, passwords: Passwords
) -> AsyncIterator[MqttEndpoint]:
    tls = ServerTls(ours / "tls", (), client_ca=ours / "ca.pem")
    endpoint = MqttEndpoint(
        sink, passwords, tls.context, port=0, certificate_required=request.param
    )
    await endpoint.start()
    yield endpoint
    await endpoint.close()


async def _enter(
    port: int, ours: Path, username: UUID, shown: Path | None, password: bytes = b"secret"
) -> mqtt5.ConnAckReasonCode:
    context = ssl.create_default_context(cafile=ours / "tls" / "ca.pem")
    if shown is not None:
        context.load_cert_chain(shown.with_suffix(".pem"), shown.with_name(f"{shown.name}-key.pem"))
    client = await RawClient.open(port, context)
    try:
        client.say(mqtt5.ConnectPacket("a", username=str(username), password=password))
        return (await client.hear(mqtt5.ConnAckPacket)).reason_code
    finally:
        await client.close()


async def test_a_certificate_opens_for_its_device_only(
    mutual: MqttEndpoint, ours: Path, device: UUID
) -> None:
    assert await _enter(mutual.port, ours, device, ours / str(device)) is Code.SUCCESS
    with structlog.testing.capture_logs() as logs:
        answer = await _enter(mutual.port, ours, device, ours / str(OTHER))
    assert answer is Code.NOT_AUTHORIZED
    (refused,) = [entry for entry in logs if entry["event"] == "mqtt.refused"]
    assert (refused["device"], refused["reason"]) == (
        str(device),
        "client certificate of another",
    )


async def test_a_certificate_does_not_stand_for_the_password(
    mutual: MqttEndpoint, ours: Path, device: UUID
) -> None:
    answer = await _enter(mutual.port, ours, device, ours / str(device), b"wrong")
    assert answer is Code.BAD_USER_NAME_OR_PASSWORD


async def test_without_a_certificate(
    mutual: MqttEndpoint, ours: Path, device: UUID, request: pytest.FixtureRequest
) -> None:
    required = "required" in request.node.name
    with structlog.testing.capture_logs() as logs:
        answer = await _enter(mutual.port, ours, device, None)
    assert answer is (Code.NOT_AUTHORIZED if required else Code.SUCCESS)
    reasons = [entry["reason"] for entry in logs if entry["event"] == "mqtt.refused"]
    assert reasons == (["no client certificate"] if required else [])


async def test_another_authority_opens_nothing(
    mutual: MqttEndpoint, ours: Path, device: UUID
) -> None:
    theirs = ours / "theirs"
    theirs.mkdir()
    make_certificates(theirs, [str(device)])
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError)):
        await _enter(mutual.port, ours, device, theirs / str(device))


def test_names_of_a_certificate() -> None:
    assert names_in({}) == frozenset()
    certificate = {
        "subject": ((("organizationName", "ward"),), (("commonName", "a"),)),
        "subjectAltName": (("DNS", "b"), ("URI", f"urn:uuid:{OTHER}"), ("email", "c@d")),
    }
    assert names_in(certificate) == {"a", "b", str(OTHER)}


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="mqtt_client_ca_file"):
        ServerTls(tmp_path, (), client_ca=tmp_path / "none.pem")


async def test_certificates_cannot_be_required_of_no_authority(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, mqtt_require_client_cert=True)
    with pytest.raises(Incorrect, match="mqtt_client_ca_file"):
        assemble(settings, database)
