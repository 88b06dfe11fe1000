"""AWS IoT as the devices' authority, against an emulator of it (moto's server)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from core.aws_iot import AwsIotIssuer
from core.errors import Incorrect, Unavailable
from tests.aws import emulator_of, nobody

REGION, POLICY = "eu-central-1", "hisbundle-device"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with emulator_of("-m", "moto.server") as url:
        yield url


@pytest.fixture
def iot(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    nobody(monkeypatch, tmp_path)
    client = boto3.client("iot", REGION, endpoint_url=endpoint)
    if not client.list_policies()["policies"]:
        client.create_policy(policyName=POLICY, policyDocument='{"Version": "2012-10-17"}')
    yield client
    client.close()


@pytest.fixture
def issuer(endpoint: str, iot: Any) -> AwsIotIssuer:
    return AwsIotIssuer.connect(REGION, endpoint, POLICY)


def request(key: ec.EllipticCurvePrivateKey) -> bytes:
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def certificates(iot: Any, device_id: UUID) -> list[dict[str, Any]]:
    arns = iot.list_thing_principals(thingName=str(device_id))["principals"]
    names = [arn.rsplit("/", 1)[-1] for arn in arns]
    return [iot.describe_certificate(certificateId=n)["certificateDescription"] for n in names]


async def test_a_certificate_for_the_devices_own_key(issuer: AwsIotIssuer, iot: Any) -> None:
    device_id, key = uuid4(), ec.generate_private_key(ec.SECP256R1())
    issued = await issuer.issue(request(key), device_id, NOW)
    signed = x509.load_pem_x509_certificate(issued.pem.encode())
    assert issued.serial == f"{signed.serial_number:x}"
    assert issued.expires_at == signed.not_valid_after_utc
    [kept] = certificates(iot, device_id)
    assert kept["status"] == "ACTIVE"
    attached = iot.list_attached_policies(target=kept["certificateArn"])["policies"]
    assert [each["policyName"] for each in attached] == [POLICY]


async def test_revoking_takes_back_all_of_them(issuer: AwsIotIssuer, iot: Any) -> None:
    device_id = uuid4()
    for _ in range(2):
        key = ec.generate_private_key(ec.SECP256R1())
        await issuer.issue(request(key), device_id, NOW)
    await issuer.revoke(device_id)
    assert [each["status"] for each in certificates(iot, device_id)] == ["REVOKED"] * 2
    await issuer.revoke(uuid4())  # one that never asked


async def test_what_is_no_request_never_leaves(issuer: AwsIotIssuer, iot: Any) -> None:
    device_id = uuid4()
    with pytest.raises(Incorrect, match="csr"):
        await issuer.issue(b"none", device_id, NOW)
    assert str(device_id) not in [each["thingName"] for each in iot.list_things()["things"]]


async def test_a_policy_that_is_not_there_is_told(endpoint: str, iot: Any) -> None:
    wrong = AwsIotIssuer.connect(REGION, endpoint, "nowhere")
    with pytest.raises(Unavailable, match="AWS IoT"):
        await wrong.issue(request(ec.generate_private_key(ec.SECP256R1())), uuid4(), NOW)
    away = AwsIotIssuer.connect(REGION, "http://127.0.0.1:9", POLICY)
    with pytest.raises(Unavailable, match="AWS IoT"):
        await away.revoke(uuid4())
