"""A vault on the local disk: AES-256-GCM under a master key file (NIST SP 800-38D)."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Incorrect
from core.keys import KEY_BYTES, KeyName

_NONCE_BYTES = 12


def load_master_key(path: Path) -> bytes:
    """The 32-byte master key in ``path``, made there on first use with mode 0600.

    Raises Incorrect if others may read the file, or if it is not a regular file of 32 bytes.
    """
    if not path.exists():
        _create(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Incorrect(f"{path} cannot be read as a master key file: {error.strerror}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Incorrect(f"{path} is not a regular file")
        if status.st_mode & 0o077:
            raise Incorrect(f"{path} may be read by others: run chmod 600 on it")
        key = os.read(handle, KEY_BYTES + 1)
    finally:
        os.close(handle)
    if len(key) != KEY_BYTES:
        raise Incorrect(f"{path} does not hold a master key of {KEY_BYTES} bytes")
    return key


def _create(path: Path) -> None:
    """Write a whole new file and link it into place: two first starts agree on one key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        Path(draft).unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut: without this key no device key opens again."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class LocalVault:
    """Wraps keys under the master key in a file; the key's name is the associated data."""

    def __init__(self, path: Path) -> None:
        self._aead = AESGCM(load_master_key(path))

    async def wrap(self, name: KeyName, key: bytes) -> bytes:
        """A random 12-byte nonce and the sealed key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, name.associated_data())

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        """The key. Raises Incorrect if it was not wrapped here under this name."""
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, sealed, name.associated_data())
        except (InvalidTag, ValueError):
            raise Incorrect(
                f"the key of {name} was not wrapped under our master key: "
                "was the file of the master key lost or replaced?"
            ) from None
