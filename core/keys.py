"""Key vaults: what wraps the devices' keys at rest (NIST SP 800-57 part 1, section 8.2.2.2).

A vault wraps a key under a name and unwraps it under that very name only, so that one
device's wrapped key, moved into another's row, opens nothing. ``core.local_vault`` keeps a
master key in a file; ``core.aws_vault`` asks AWS KMS.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

KEY_BYTES = 32


class KeyPurpose(StrEnum):
    """Whose key it is."""

    DEVICE = "device"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a wrapped key is bound to. ``owner`` is a device's id, or names a service key."""

    purpose: KeyPurpose
    owner: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.purpose.value} {self.owner}, epoch {self.epoch}"

    def context(self) -> dict[str, str]:
        """The name as KMS takes it (an encryption context)."""
        return {
            "purpose": self.purpose.value,
            "device_id": self.owner,
            "key_epoch": str(self.epoch),
        }

    def associated_data(self) -> bytes:
        """The name as an AEAD takes it; no two names give the same bytes."""
        return f"hisbundle key v1|{self.purpose}|{self.epoch}|{self.owner}".encode()


def device_key_name(device_id: UUID, epoch: int) -> KeyName:
    """The name of a device's key of one epoch."""
    return KeyName(KeyPurpose.DEVICE, str(device_id), epoch)


class KeyVault(Protocol):
    """Wraps and unwraps keys. Both calls may go over a network and may be slow."""

    async def wrap(self, name: KeyName, key: bytes) -> bytes:
        """The key in a form that may be stored. Raises Unavailable if the vault is away."""
        ...

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        """The key again.

        Raises Incorrect if it was not wrapped here under this name, NotFound if the vault
        has lost it, and Unavailable if the vault is away.
        """
        ...
