"""The local vault: a private master key file, and keys that open under their own name only."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from core.keys import KeyName, KeyPurpose, device_key_name
from core.local_vault import LocalVault, load_master_key

KEY = bytes(range(32))
NAME = device_key_name(uuid4(), 1)

names = st.builds(KeyName, st.sampled_from(KeyPurpose), st.text(), st.integers(0, 2**32 - 1))


@given(names, names)
def test_names_never_collide(one: KeyName, other: KeyName) -> None:
    assert (one.associated_data() == other.associated_data()) == (one == other)
    assert (one.context() == other.context()) == (one == other)


async def test_wrap_and_unwrap(tmp_path: Path) -> None:
    wrapped = await LocalVault(tmp_path / "master.key").wrap(NAME, KEY)
    assert KEY not in wrapped
    assert await LocalVault(tmp_path / "master.key").unwrap(NAME, wrapped) == KEY


async def test_other_names_open_nothing(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path / "master.key")
    wrapped = await vault.wrap(NAME, KEY)
    for other in (
        KeyName(KeyPurpose.SERVICE, NAME.owner, 1),
        KeyName(NAME.purpose, NAME.owner, 2),
        device_key_name(uuid4(), 1),
    ):
        with pytest.raises(Incorrect):
            await vault.unwrap(other, wrapped)


async def test_damage_opens_nothing(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path / "master.key")
    wrapped = await vault.wrap(NAME, KEY)
    damaged = [b"", wrapped[:11], wrapped[:-1], wrapped[:-1] + bytes([wrapped[-1] ^ 1])]
    for bad in damaged:
        with pytest.raises(Incorrect):
            await vault.unwrap(NAME, bad)
    with pytest.raises(Incorrect):
        await LocalVault(tmp_path / "another.key").unwrap(NAME, wrapped)


def test_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "master.key"
    before = os.umask(0)
    try:
        load_master_key(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    load_master_key(path)
    path.chmod(mode)
    with pytest.raises(Incorrect, match="chmod 600"):
        load_master_key(path)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_wrong_size_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(bytes(size))
    with pytest.raises(Incorrect, match="32 bytes"):
        load_master_key(path)


def test_folder_and_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    load_master_key(tmp_path / "real.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")
    for name in ("folder", "link.key"):
        with pytest.raises(Incorrect):
            load_master_key(tmp_path / name)


def test_first_starts_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as executor:
        keys = list(executor.map(load_master_key, [tmp_path / "master.key"] * 32))
    assert len(set(keys)) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "master.key"]


async def test_a_replaced_master_key_is_named(tmp_path: Path) -> None:
    name = KeyName(KeyPurpose.SERVICE, "enrolment", 1)
    wrapped = await LocalVault(tmp_path / "old").wrap(name, bytes(32))
    with pytest.raises(Incorrect, match=r"service enrolment, epoch 1.*lost or replaced"):
        await LocalVault(tmp_path / "new").unwrap(name, wrapped)
