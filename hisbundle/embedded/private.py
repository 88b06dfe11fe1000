"""Files that only their owner can read, from their first byte on."""

import os
from pathlib import Path
from typing import BinaryIO


def create_private(path: Path, content: bytes) -> None:
    """Write a new 0600 file, whole or not at all. Raises FileExistsError if there is one."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)  # unlike a rename, never over an existing file
    finally:
        aside.unlink()


def append_private(path: Path) -> BinaryIO:
    """An 0600 file opened for appending."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
