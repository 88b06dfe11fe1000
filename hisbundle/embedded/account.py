"""The account that the embedded Postgres runs under: ours, or an existing unprivileged one.

Postgres refuses to run as root. No account is created and no folder above ours is touched:
where the account cannot reach the data folder, a folder that it can reach takes the data.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from core.errors import Unavailable

CANDIDATES = ("postgres", "nobody")
"""Accounts that a root process falls back to, in this order."""
COMMAND_TIMEOUT_S = 120.0
BARE_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""No PG* variable of the caller may steer our server."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user that is not root. ``switch`` tells whether we must become it."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def ids(self) -> tuple[int, int] | None:
        """(uid, gid) to switch to; None to stay who we are."""
        return (self.uid, self.gid) if self.switch else None

    def run(self, command: Sequence[str], stdin: bytes = b"") -> CompletedProcess[bytes]:
        """Run a short command as this account, with a bare environment, and take its output."""
        uid, gid = self.ids or (None, None)
        return subprocess.run(
            command,
            input=stdin,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=BARE_ENVIRONMENT,
            timeout=COMMAND_TIMEOUT_S,
            user=uid,
            group=gid,
            extra_groups=[] if self.switch else None,
        )

    def can_reach(self, path: Path) -> bool:
        """Whether the account may enter a folder, or run a file (ACLs included: it tries)."""
        test = 'cd "$1"' if path.is_dir() else 'test -x "$1"'
        return self.run(["/bin/sh", "-c", test, "sh", str(path)]).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder of ours to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def choose_account(uid: int, environ: Mapping[str, str]) -> Account:
    """Ours, unless that is root: then who called sudo, else ``postgres``, else ``nobody``.

    Raises Unavailable when there is no such account, or ours has no name (initdb asks for it).
    """
    if uid != 0:
        entry = _by_uid(uid)
        if entry is None:
            raise Unavailable(
                f"user id {uid} has no name here, and initdb needs one: "
                "add it to the user database, or set HISBUNDLE_DATABASE_URL"
            )
        return Account(entry.pw_name, uid, os.getgid(), switch=False)
    for entry in (_by_uid(int(environ.get("SUDO_UID", "0"))), *map(_by_name, CANDIDATES)):
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise Unavailable(
        "Postgres does not run as root, and there is no account postgres or nobody: "
        "start as a normal user, or set HISBUNDLE_DATABASE_URL"
    )


def _by_uid(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _by_name(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
