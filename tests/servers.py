"""Servers of other makers, run for the tests from the system's packages (scripts/test-servers)."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hisbundle.embedded.account import Account, choose_account
from hisbundle.embedded.keeper import Kept, start_kept
from hisbundle.embedded.private import create_private
from hisbundle.ports import resolve_port

PASSWORD = "of the tests"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def system_postgres_binaries() -> Path:
    """The ``bin`` folder of the newest packaged Postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    assert found, "no packaged Postgres: run scripts/test-servers"
    return found[-1].parent


@contextmanager
def system_postgres(folder: Path) -> Iterator[str]:
    """Run a cluster of our own from those binaries; its URL, TCP on a free loopback port."""
    account = choose_account(os.geteuid(), os.environ)
    binaries = system_postgres_binaries()
    home = Path(tempfile.mkdtemp(dir=folder))
    account.own(home)
    _initialise(account, binaries, home)
    port = resolve_port("127.0.0.1", 0, "the test's port")
    options = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}
    command = [str(binaries / "postgres"), "-D", str(home / "data"), "-k", str(home)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        kept = start_kept(command, output=log, user=account.ids, env=_ENVIRONMENT)
    try:
        _wait_ready(kept, home)
        yield f"postgresql://tester:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
    finally:
        kept.stop()


def _initialise(account: Account, binaries: Path, home: Path) -> None:
    secret = home / "password"
    create_private(secret, PASSWORD.encode())
    account.own(secret)
    done = account.run(
        [
            *(str(binaries / "initdb"), "-D", str(home / "data"), "-U", "tester"),
            *(f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
        ]
    )
    assert done.returncode == 0, done.stdout.decode()


def _wait_ready(kept: Kept, home: Path) -> None:
    until = time.monotonic() + 30
    state = home / "data" / "postmaster.pid"
    while not (state.exists() and "ready" in state.read_text()):
        assert kept.poll() is None, (home / "log").read_text()
        assert time.monotonic() < until, "not ready in time"
        time.sleep(0.02)
