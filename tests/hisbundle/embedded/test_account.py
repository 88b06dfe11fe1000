"""The account for Postgres: whoever runs the tests."""

import os
import pwd
from pathlib import Path

import pytest

from core.errors import Unavailable
from hisbundle.embedded.account import choose_account

NOBODY = pwd.getpwnam("nobody")


def test_a_normal_user_stays_who_they_are() -> None:
    account = choose_account(NOBODY.pw_uid, {})
    assert (account.name, account.ids) == ("nobody", None)


def test_a_user_without_a_name_is_told_what_to_do() -> None:
    with pytest.raises(Unavailable, match="HISBUNDLE_DATABASE_URL"):
        choose_account(54_321, {})


def test_root_becomes_who_called_sudo() -> None:
    account = choose_account(0, {"SUDO_UID": str(NOBODY.pw_uid)})
    assert account.ids == (NOBODY.pw_uid, NOBODY.pw_gid)


@pytest.mark.parametrize("environ", [{}, {"SUDO_UID": "0"}, {"SUDO_UID": "54321"}])
def test_root_falls_back_to_an_existing_account(environ: dict[str, str]) -> None:
    account = choose_account(0, environ)
    assert account.name in ("postgres", "nobody")
    assert account.uid != 0


def test_reach_is_tried_as_the_account(tmp_path: Path, is_root: bool) -> None:
    account = choose_account(os.geteuid(), {})
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert account.can_reach(closed) is not is_root
    assert account.can_reach(Path("/bin/sh"))
    assert not account.can_reach(tmp_path / "missing")
