"""A process that never outlives its parent: ``start_kept`` and the small keeper between them.

The keeper is this very file, run as a script: a session of its own (so that Ctrl-C at the
terminal reaches the service only), its standard input a pipe that the parent holds open. When
the parent goes, by whatever death, the kernel closes the pipe; the keeper reads the end of it
and stops its child: first kindly, after a bounded wait by force. Plain POSIX, so it holds on
Linux and macOS alike. Only the standard library: it starts in 20 ms under ``python -I -S``.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

GRACE_S = 20.0
"""What a child gets to end by itself once asked, in seconds."""


class Kept:
    """A running child and its keeper, as seen by the parent."""

    def __init__(self, keeper: subprocess.Popen[bytes], grace_s: float) -> None:
        self._keeper = keeper
        self._grace_s = grace_s

    @property
    def pid(self) -> int:
        """The keeper's process id."""
        return self._keeper.pid

    def poll(self) -> int | None:
        """The child's exit status once it has ended; None while it runs."""
        return self._keeper.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """The child's exit status. Raises TimeoutError after ``timeout_s`` seconds."""
        try:
            return self._keeper.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"still running after {timeout_s} s") from error

    def stop(self) -> int:
        """End the child (asked, then forced) and return its exit status; harmless twice."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        try:
            return self._keeper.wait(self._grace_s + 5.0)
        except subprocess.TimeoutExpired:  # the keeper itself is stuck or stopped
            self._keeper.kill()
            return self._keeper.wait()


def start_kept(
    command: Sequence[str],
    *,
    output: IO[bytes] | int | None = None,
    user: tuple[int, int] | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    grace_s: float = GRACE_S,
) -> Kept:
    """Start ``command`` under a keeper; ``user`` is the (uid, gid) to run it as.

    ``output`` takes stdout and stderr; ``pass_fds`` stay open in keeper and child.
    """
    options = ["--grace-s", str(grace_s)]
    options += ["--user", str(user[0]), "--group", str(user[1])] if user else []
    options += [part for fd in pass_fds for part in ("--keep-fd", str(fd))]
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *options, "--", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=env,
        cwd="/",
        pass_fds=pass_fds,
        start_new_session=True,
    )
    return Kept(keeper, grace_s)


def _run(argv: Sequence[str] | None = None) -> int:
    """The keeper's own life: start, watch the pipe, end with the child's status."""
    options = _parser().parse_args(argv)
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    child = subprocess.Popen(
        options.command,
        stdin=subprocess.DEVNULL,
        user=options.user,
        group=options.group,
        extra_groups=[] if options.user is not None else None,
        pass_fds=options.keep_fd,
    )
    threading.Thread(target=_watch_parent, args=(asked,), daemon=True).start()
    threading.Thread(target=_end, args=(asked, child, options.grace_s), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


def _watch_parent(asked: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    asked.set()


def _end(asked: threading.Event, child: subprocess.Popen[bytes], grace_s: float) -> None:
    asked.wait()
    child.send_signal(signal.SIGINT)
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="run a command for as long as our parent lives")
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--grace-s", type=float, default=GRACE_S)
    parser.add_argument("--keep-fd", type=int, action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser


if __name__ == "__main__":
    sys.exit(_run())
