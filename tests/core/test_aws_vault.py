"""The AWS vault against a local emulator of KMS and Parameter Store (moto's server)."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest

from core.aws_vault import AwsVault
from core.errors import Fault, Incorrect, NotFound, Unavailable
from core.keyring import KeyRing
from core.keys import KeyName, KeyPurpose, device_key_name
from tests.aws import emulator_of
from tests.devices import Device

REGION, ALIAS, PREFIX = "eu-central-1", "alias/hisbundle", "/ecg/test"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A moto server on a port of its own choosing."""
    with emulator_of("-m", "moto.server") as url:
        yield url


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def kms_key(endpoint: str) -> str:
    kms = boto3.client(
        "kms", REGION, endpoint_url=endpoint, aws_access_key_id="t", aws_secret_access_key="t"
    )
    key: str = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
    kms.close()
    return key


class Calls(Counter[str]):
    """Real requests by operation, counted where botocore sends them."""

    def __call__(self, request: object, event_name: str, **_: object) -> None:
        self[event_name.removeprefix("before-send.")] += 1


@pytest.fixture
def clients(endpoint: str, kms_key: str, credentials: None) -> Iterator[tuple[Any, Any, Calls]]:
    calls = Calls()
    kms, ssm = (boto3.client(name, REGION, endpoint_url=endpoint) for name in ("kms", "ssm"))
    for client in (kms, ssm):
        client.meta.events.register("before-send", calls)
    yield kms, ssm, calls
    kms.close()
    ssm.close()


@pytest.fixture
def vault(clients: tuple[Any, Any, Calls]) -> AwsVault:
    return AwsVault(clients[0], clients[1], ALIAS, PREFIX)


async def test_wrap_and_unwrap(vault: AwsVault, clients: tuple[Any, Any, Calls]) -> None:
    name = device_key_name(uuid4(), 7)
    wrapped = await vault.wrap(name, bytes(range(32)))
    assert wrapped.decode() == f"{PREFIX}/devices/{name.owner}/keys/7:1"
    assert await vault.unwrap(name, wrapped) == bytes(range(32))
    assert clients[2] == {
        "kms.Encrypt": 1,
        "ssm.PutParameter": 1,
        "ssm.GetParameter": 1,
        "kms.Decrypt": 1,
    }
    parameter = clients[1].get_parameter(Name=wrapped.decode())["Parameter"]
    assert parameter["Type"] == "SecureString"


async def test_service_secrets_stand_apart(vault: AwsVault) -> None:
    name = KeyName(KeyPurpose.SERVICE, "enrolment", 1)
    wrapped = await vault.wrap(name, bytes(138))
    assert wrapped.decode() == f"{PREFIX}/services/enrolment/keys/1:1"
    assert await vault.unwrap(name, wrapped) == bytes(138)


async def test_other_names_open_nothing(vault: AwsVault) -> None:
    name = device_key_name(uuid4(), 1)
    wrapped = await vault.wrap(name, bytes(32))
    for other in (device_key_name(uuid4(), 1), KeyName(name.purpose, name.owner, 2)):
        with pytest.raises(Incorrect):
            await vault.unwrap(other, wrapped)


async def test_a_lost_race_changes_no_stored_key(vault: AwsVault) -> None:
    name = device_key_name(uuid4(), 1)
    first, second = await vault.wrap(name, b"1" * 32), await vault.wrap(name, b"2" * 32)
    assert await vault.unwrap(name, first) == b"1" * 32
    assert await vault.unwrap(name, second) == b"2" * 32


@pytest.mark.parametrize("suffix", ["", ":99"])
async def test_lost_parameter_is_not_found(vault: AwsVault, suffix: str) -> None:
    name = device_key_name(uuid4(), 1)
    with pytest.raises(NotFound):
        await vault.unwrap(name, (vault.parameter(name) + suffix).encode())


async def test_damaged_parameter_is_incorrect(
    vault: AwsVault, clients: tuple[Any, Any, Calls]
) -> None:
    name = device_key_name(uuid4(), 1)
    parameter = vault.parameter(name)
    for value in ("no base64!", "AAAA"):
        clients[1].put_parameter(
            Name=parameter, Value=value, Type="SecureString", KeyId=ALIAS, Overwrite=True
        )
        with pytest.raises(Incorrect):
            await vault.unwrap(name, parameter.encode())
    with pytest.raises(Incorrect):
        await vault.unwrap(name, b"\xff\xfe")


async def test_missing_kms_key_is_unavailable(clients: tuple[Any, Any, Calls]) -> None:
    vault = AwsVault(clients[0], clients[1], "alias/none", PREFIX)
    with pytest.raises(Unavailable):
        await vault.wrap(device_key_name(uuid4(), 1), bytes(32))


async def test_what_aws_never_takes_is_our_fault(vault: AwsVault) -> None:
    with pytest.raises(Fault):
        await vault.wrap(device_key_name(uuid4(), 1), bytes(5000))


async def test_absent_aws_is_unavailable() -> None:
    vault = AwsVault.connect(REGION, "http://127.0.0.1:1", ALIAS, PREFIX)
    with pytest.raises(Unavailable):
        await vault.unwrap(device_key_name(uuid4(), 1), b"/ecg/test/x:1")


async def test_one_kms_call_per_key_never_per_chunk(
    vault: AwsVault, clients: tuple[Any, Any, Calls]
) -> None:
    device = Device()
    wrapped = await vault.wrap(device_key_name(device.id, 1), device.key)
    clients[2].clear()

    async def load(device_id: UUID, epoch: int) -> bytes | None:
        return wrapped

    ring = KeyRing(vault, load, 10, 60.0)
    for n in range(500):
        await ring.session(device.id, 1, bytes([n % 5]) * 16)
    assert clients[2] == {"ssm.GetParameter": 1, "kms.Decrypt": 1}
