"""The file lock, across processes."""

import subprocess
import time
from pathlib import Path

import pytest

from core.errors import Conflict
from hisbundle.embedded.lock import take_lock


def test_only_one_at_a_time(tmp_path: Path) -> None:
    first = take_lock(tmp_path / "lock")
    with pytest.raises(Conflict, match="held by another"):
        take_lock(tmp_path / "lock")
    first.close()
    first.close()
    take_lock(tmp_path / "lock").close()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_process_that_inherits_it_holds_it_to_its_end(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "lock")
    with subprocess.Popen(["/bin/sleep", "0.5"], pass_fds=[lock.fd]):
        lock.close()
        with pytest.raises(Conflict):
            take_lock(tmp_path / "lock")
        begin = time.monotonic()
        take_lock(tmp_path / "lock", wait_s=10.0).close()
        assert time.monotonic() - begin < 5.0
