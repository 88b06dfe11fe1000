"""A file lock that lives as long as any process holding its descriptor (flock(2))."""

import fcntl
import os
import time
from pathlib import Path

from core.errors import Conflict

_PAUSE_S = 0.05


class FileLock:
    """An exclusive lock; the kernel drops it with the last process that inherited ``fd``."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    def close(self) -> None:
        """Let go of our copy of the descriptor; harmless twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def take_lock(path: Path, wait_s: float = 0.0) -> FileLock:
    """The lock on ``path`` (created 0600). Raises Conflict while another holds it.

    ``wait_s`` is how long to go on trying, in seconds.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < until:
                time.sleep(_PAUSE_S)
                continue
            os.close(fd)
            raise Conflict(f"{path} is held by another process") from error
        return FileLock(path, fd)
