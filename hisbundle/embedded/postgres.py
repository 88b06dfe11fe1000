"""A Postgres of our own on a unix socket: made, started, watched and stopped by the service.

The server's binaries come from a wheel; everything about running them is here. Passwords
only (scram-sha-256, RFC 7677), data checksums and fsync on, no TCP. Two locks: ``service.lock``
is this service's; ``server.lock`` is inherited by the keeper and by every Postgres process, so
that holding it proves that no process of an earlier run is left.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import structlog

from core.errors import Conflict, Unavailable
from hisbundle.embedded.account import BARE_ENVIRONMENT
from hisbundle.embedded.keeper import Kept, start_kept
from hisbundle.embedded.lock import FileLock, take_lock
from hisbundle.embedded.place import (
    Place,
    choose_place,
    find_binaries,
    make_folders,
    socket_folder,
)
from hisbundle.embedded.private import append_private, create_private

NAME = "hisbundle"
"""Role and database."""
READY_WAIT_S = 120.0
"""Crash recovery replays the log before the server is ready."""
STALE_WAIT_S = 30.0
RESTARTS_IN_A_ROW = 8
RESTART_PAUSE_MAX_S = 30.0
LOG_BYTES_MAX = 1_000_000

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """One cluster; ``start`` and ``stop`` block (about 1 s), ``supervise`` runs in the loop."""

    def __init__(self, data_dir: Path, options: Mapping[str, str] | None = None) -> None:
        self.place: Place = choose_place(data_dir, os.geteuid(), os.environ)
        self.binaries = find_binaries(self.place.account)
        self._options = dict(options or {})
        self._service_lock: FileLock | None = None
        self._socket: Path | None = None
        self._kept: Kept | None = None
        self._mutex = threading.Lock()

    @property
    def url(self) -> str:
        """How to connect; stable over restarts. Raises Unavailable before the start."""
        if self._socket is None:
            raise Unavailable("the embedded Postgres is not started")
        return _url(self.place, self._socket)

    def start(self) -> None:
        """Make the cluster if there is none, and start it.

        Raises Conflict if another service has this folder, Unavailable if it does not start.
        """
        make_folders(self.place)
        self._service_lock = take_lock(self.place.home / "service.lock")
        try:
            self._socket = socket_folder(self.place)
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server (fast shutdown) and let go of the folder; harmless twice."""
        with self._mutex:
            lock, self._service_lock = self._service_lock, None
            if self._kept is not None:
                self._kept.stop()
            if self._socket is not None and self.place.cluster not in self._socket.parents:
                shutil.rmtree(self._socket, ignore_errors=True)
            if lock is not None:
                lock.close()

    async def supervise(self) -> None:
        """Restart the server whenever it dies; returns after ``stop``.

        Raises Unavailable after eight failed restarts in a row.
        """
        failures = 0
        while self._service_lock is not None:
            if self._kept is not None and self._kept.poll() is None:
                await asyncio.sleep(0.2)
                continue
            log.warning("postgres ended by itself; starting it again", log=str(self._log_path))
            try:
                await asyncio.to_thread(self._launch)
                failures = 0
            except (Conflict, Unavailable):
                failures += 1
                if failures == RESTARTS_IN_A_ROW:
                    raise
                await asyncio.sleep(min(0.5 * 2**failures, RESTART_PAUSE_MAX_S))

    @property
    def _log_path(self) -> Path:
        return self.place.home / "server.log"

    def _launch(self) -> None:
        with self._mutex:
            if self._service_lock is None:
                return
            if self._kept is not None:
                self._kept.stop()
            lock = _take_server_lock(self.place)
            try:
                if not self.place.data.exists():
                    _initialise(self.place, self.binaries)
                before = _pid_file(self.place)
                self._kept = self._spawn(lock)
            finally:
                lock.close()
            self._wait_ready(self._kept, before)

    def _spawn(self, lock: FileLock) -> Kept:
        command = [str(self.binaries / "postgres"), "-D", str(self.place.data)]
        for name, value in (_fixed_options(self._socket) | self._options).items():
            command += ["-c", f"{name}={value}"]
        _rotate(self._log_path)
        with append_private(self._log_path) as output:
            return start_kept(
                command,
                output=output,
                user=self.place.account.ids,
                env=BARE_ENVIRONMENT,
                pass_fds=[lock.fd],
            )

    def _wait_ready(self, kept: Kept, before: list[str]) -> None:
        until = time.monotonic() + READY_WAIT_S
        while time.monotonic() < until:
            # Line 8 is the state that pg_ctl waits for too (utils/pidfile.h).
            lines = _pid_file(self.place)
            if lines != before and len(lines) > 7 and lines[7].strip() == "ready":
                return
            if kept.poll() is not None:
                break
            time.sleep(0.01)
        kept.stop()
        tail = self._log_path.read_text(errors="replace")[-1500:]
        raise Unavailable(f"the embedded Postgres did not start; {self._log_path} ends:\n{tail}")


def running_url(data_dir: Path) -> str:
    """The URL of the cluster that another process runs on ``data_dir``.

    Raises Unavailable if none runs or its password is not ours to read.
    """
    place = choose_place(data_dir, os.geteuid(), os.environ)
    lines = _pid_file(place)
    if len(lines) < 5:
        raise Unavailable(f"no embedded Postgres runs in {place.home}")
    return _url(place, Path(lines[4].strip('"')))


def _url(place: Place, socket: Path) -> str:
    password = (place.home / "password").read_text()
    return f"postgresql://{NAME}:{password}@/{NAME}?host={quote(str(socket), safe='')}"


def _fixed_options(socket: Path | None) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "unix_socket_directories": f'"{socket}"',
        "unix_socket_permissions": "0700",
        "log_checkpoints": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }


def _initialise(place: Place, binaries: Path) -> None:
    """The cluster, made aside and moved in place when whole: a kill leaves no half of one."""
    fresh = place.cluster / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    secret = place.home / "password.initdb"
    secret.unlink(missing_ok=True)
    create_private(secret, _password(place).encode())
    place.account.own(secret)
    initdb = [
        *(str(binaries / "initdb"), "-D", str(fresh), "-U", NAME, f"--pwfile={secret}"),
        *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    ]
    single = [str(binaries / "postgres"), "--single", "-D", str(fresh), "postgres"]
    try:
        for command, stdin in ((initdb, b""), (single, f"CREATE DATABASE {NAME}".encode())):
            done = place.account.run(command, stdin)
            if done.returncode != 0:
                output = done.stdout.decode(errors="replace")
                raise Unavailable(f"{Path(command[0]).name} failed:\n{output[-1500:]}")
    finally:
        secret.unlink()
    fresh.rename(place.data)


def _password(place: Place) -> str:
    path = place.home / "password"
    if not path.exists():
        create_private(path, secrets.token_urlsafe(32).encode())
    return path.read_text()


def _take_server_lock(place: Place) -> FileLock:
    """The lock, once every process of an earlier server has ended; a live one is asked to."""
    path = place.home / "server.lock"
    try:
        return take_lock(path)
    except Conflict:
        lines = _pid_file(place)
        # Only a process of our account, on our data, is signalled: as that account.
        if len(lines) > 1 and lines[1] == str(place.data):
            log.info("stopping the postgres of an earlier run", pid=int(lines[0]))
            place.account.run(["/bin/kill", "-INT", str(int(lines[0]))])
        return take_lock(path, STALE_WAIT_S)


def _pid_file(place: Place) -> list[str]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return (place.data / "postmaster.pid").read_text().splitlines()
    return []


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
