"""Who a device is and what it must remember: its id, key, boot counter, MQTT password.

A real device keeps these in encrypted flash; the simulated one in a file of mode 0600.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from core.errors import Conflict, Incorrect

KEY_BYTES = 32
_LATER = ("service_point", "pending_key", "earlier_key")
"""Not in the files of devices from before they could change their key."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A device's memory across power cuts; ``mqtt_password`` is empty until it is enrolled.

    ``pending_key`` is asked for and not yet in use; ``earlier_key``, of the epoch before, is kept
    while chunks sealed under it are owed. Both are empty where there is none.
    """

    device_id: UUID
    device_key: bytes
    key_epoch: int
    boot_counter: int
    mqtt_password: str = ""
    service_point: bytes = b""
    pending_key: bytes = b""
    earlier_key: bytes = b""

    def key_of(self, key_epoch: int) -> bytes:
        """The key of an epoch. Raises Incorrect for one that the device has no key of."""
        keys = {self.key_epoch: self.device_key, self.key_epoch - 1: self.earlier_key}
        key = keys.get(key_epoch)
        if not key:
            raise Incorrect(f"no key of epoch {key_epoch}")
        return key

    def renewed(self) -> "Identity":
        """With the pending key in use, and the one before kept."""
        return replace(
            self,
            device_key=self.pending_key,
            key_epoch=self.key_epoch + 1,
            pending_key=b"",
            earlier_key=self.device_key,
        )


def new_identity(device_id: UUID | None = None) -> Identity:
    """A fresh device with a random key that nobody else knows yet."""
    return Identity(device_id or uuid4(), secrets.token_bytes(KEY_BYTES), 1, 0)


def save_identity(path: Path, identity: Identity) -> None:
    """Write the identity so that a crash leaves either the old or the new one."""
    fields = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in asdict(identity).items()
    } | {"device_id": str(identity.device_id)}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(fields, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load_identity(path: Path) -> Identity:
    """The identity in the file, or a new one, saved there. Raises Incorrect for a damaged file."""
    if not path.exists():
        save_identity(path, new_identity())
    try:
        fields = json.loads(path.read_text())
        return Identity(
            UUID(fields["device_id"]),
            bytes.fromhex(fields["device_key"]),
            int(fields["key_epoch"]),
            int(fields["boot_counter"]),
            str(fields["mqtt_password"]),
            *(bytes.fromhex(fields.get(name, "")) for name in _LATER),
        )
    except (KeyError, TypeError, ValueError):  # nothing of the file: it holds the key
        raise Incorrect(f"{path} does not hold a device's identity") from None


@contextmanager
def powered(folder: Path) -> Iterator[None]:
    """One device, one power-on at a time. Raises Conflict while another process has the folder.

    Two would share one outbox, and push each other off the connection for ever.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"the device in {folder} is already running") from None
        yield
    finally:
        os.close(handle)


def boot(path: Path, identity: Identity) -> tuple[Identity, bytes]:
    """Count one boot, durably, and make the new session's id (PROTOCOL.md, section 2.2).

    The counter defeats a weak random generator, the random part a restored memory.
    """
    counted = replace(identity, boot_counter=identity.boot_counter + 1)
    save_identity(path, counted)
    return counted, counted.boot_counter.to_bytes(4, "big") + secrets.token_bytes(12)
