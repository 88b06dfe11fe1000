"""Keys moved to KMS and Parameter Store and back, with real calls to an emulator."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from core.aws_vault import AwsVault
from core.errors import Incorrect, Unavailable
from core.keys import KeyName
from core.local_vault import LocalVault
from hisbundle.vaults import Moved, move, name_of
from ingest.enrol import load_enrolment_key
from store.database import Database
from store.wrapped_keys import everything, replace
from tests.aws import emulator_of, nobody
from tests.devices import Device, enrol_directly
from tests.hisbundle.processes import command

REGION, ALIAS = "eu-central-1", "alias/hisbundle"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with emulator_of("-m", "moto.server") as url:
        kms = boto3.client(
            "kms", REGION, endpoint_url=url, aws_access_key_id="t", aws_secret_access_key="t"
        )
        kms.create_alias(AliasName=ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        kms.close()
        yield url


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AwsVault:
    nobody(monkeypatch, tmp_path)
    return AwsVault.connect(REGION, endpoint, ALIAS, f"/ecg/{uuid4()}")


@pytest.fixture
def local(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master-key")


@pytest.fixture
async def keys(database: Database, local: LocalVault) -> dict[str, bytes]:
    """Three keys of devices, as they must be at the end; the service has its secret too."""
    worn = [await enrol_directly(database, local, Device(epoch=n)) for n in (1, 2, 3)]
    await load_enrolment_key(database, local)
    return {str(device.id): device.key for device in worn}


async def _open_all(database: Database, vault: AwsVault | LocalVault) -> dict[str, bytes]:
    async with database.transaction() as tx:
        stored = await everything(tx)
    return {each.owner: await vault.unwrap(name_of(each), each.wrapped) for each in stored}


async def test_there_and_back(
    database: Database, local: LocalVault, aws: AwsVault, keys: dict[str, bytes]
) -> None:
    before = await _open_all(database, local)
    assert before.items() >= keys.items() and set(before) == {*keys, "enrolment"}
    assert await move(database, local, aws) == Moved(4, 0)
    assert await _open_all(database, aws) == before
    assert await move(database, local, aws) == Moved(0, 4)  # again: nothing to do
    assert await move(database, aws, local) == Moved(4, 0)
    assert await _open_all(database, local) == before


class _Breaking(LocalVault):
    """A vault that goes away after two keys."""

    n_calls = 0

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        self.n_calls += 1
        if self.n_calls > 2:
            raise Unavailable("away")
        return await super().unwrap(name, wrapped)


async def test_a_move_that_breaks_off_is_taken_up_again(
    database: Database, local: LocalVault, aws: AwsVault, keys: dict[str, bytes], tmp_path: Path
) -> None:
    before = await _open_all(database, local)
    with pytest.raises(Unavailable):
        await move(database, _Breaking(tmp_path / "master-key"), aws)
    assert await move(database, local, aws) == Moved(2, 2)
    assert await _open_all(database, aws) == before


async def test_a_key_that_no_vault_opens_is_named_and_left(
    database: Database, aws: AwsVault, keys: dict[str, bytes], tmp_path: Path
) -> None:
    async with database.transaction() as tx:
        before = await everything(tx)
    with pytest.raises(Incorrect, match="enrolment"):
        await move(database, LocalVault(tmp_path / "another"), aws)
    async with database.transaction() as tx:
        assert await everything(tx) == before


async def test_a_wrapping_that_changed_meanwhile_is_not_overwritten(
    database: Database, keys: dict[str, bytes]
) -> None:
    async with database.transaction() as tx:
        for each in await everything(tx):
            assert not await replace(tx, dataclasses.replace(each, wrapped=b"older"), b"new")


async def test_the_command(
    database: Database,
    database_url: str,
    endpoint: str,
    aws: AwsVault,
    keys: dict[str, bytes],
    tmp_path: Path,
) -> None:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "aws_region": REGION,
        "aws_endpoint_url": endpoint,
        "aws_kms_key_id": ALIAS,
        "aws_parameter_prefix": f"/ecg/{uuid4()}",
    }
    status, out, err = await command("vault", "migrate", "--to", "kms", **options)
    assert status == 0, err
    assert out.splitlines() == [
        "4 keys moved, 0 were there; all open in the new vault",
        "start the service with HISBUNDLE_VAULT=aws",
    ]
    assert (await _open_all(database, aws)).items() >= keys.items()
