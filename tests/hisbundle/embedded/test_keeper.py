"""The keeper, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hisbundle.embedded.keeper import start_kept

CHILD = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
def end(*_):
    (folder / "asked").touch()
    if sys.argv[2] == "obeys":
        sys.exit(7)
signal.signal(signal.SIGINT, end)
(folder / "pid.new").write_text(f"{os.getpid()} {os.getuid()}")
(folder / "pid.new").rename(folder / "pid")
while True:
    time.sleep(0.05)
"""
PARENT = """
import sys, time
from hisbundle.embedded.keeper import start_kept
kept = start_kept([sys.executable, "-c", sys.argv[1], *sys.argv[2:]], grace_s=0.5)
time.sleep(60)
"""


def _until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # a zombie that nobody reaps is dead enough
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def _pid(folder: Path) -> int:
    _until((folder / "pid").exists)
    return int((folder / "pid").read_text().split()[0])


@pytest.mark.parametrize("manner", ["obeys", "refuses"])
def test_the_child_ends_when_the_parent_is_killed(tmp_path: Path, manner: str) -> None:
    command = [sys.executable, "-c", PARENT, CHILD, str(tmp_path), manner]
    with subprocess.Popen(command) as parent:
        child = _pid(tmp_path)
        parent.kill()
    _until(lambda: not _alive(child))
    assert (tmp_path / "asked").exists()


def test_stop_asks_and_returns_the_status(tmp_path: Path) -> None:
    kept = start_kept([sys.executable, "-c", CHILD, str(tmp_path), "obeys"])
    child = _pid(tmp_path)
    assert kept.poll() is None
    assert kept.stop() == 7
    assert kept.stop() == 7
    assert not _alive(child)


def test_stop_forces_a_child_that_refuses(tmp_path: Path) -> None:
    kept = start_kept([sys.executable, "-c", CHILD, str(tmp_path), "refuses"], grace_s=0.3)
    child = _pid(tmp_path)
    assert kept.stop() == 128 + signal.SIGKILL
    assert not _alive(child)


def test_a_child_that_dies_is_reported(tmp_path: Path) -> None:
    kept = start_kept([sys.executable, "-c", CHILD, str(tmp_path), "obeys"])
    with pytest.raises(TimeoutError):
        kept.wait(0.01)
    os.kill(_pid(tmp_path), signal.SIGKILL)
    assert kept.wait(10) == 128 + signal.SIGKILL
    kept.stop()


def test_ctrl_c_at_the_terminal_does_not_reach_the_child(tmp_path: Path) -> None:
    kept = start_kept([sys.executable, "-c", CHILD, str(tmp_path), "obeys"])
    child = _pid(tmp_path)
    assert os.getsid(child) == kept.pid != os.getsid(0)
    kept.stop()
