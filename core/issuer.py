"""Who certifies devices: our own authority, or another that is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.authority import DeviceAuthority, Issued


class Issuer(Protocol):
    """Gives devices their certificates, and takes them back."""

    async def issue(self, request_der: bytes, device_id: UUID, now: datetime) -> Issued:
        """A client certificate for a signing request (PKCS#10, DER).

        Raises Incorrect for what is no request of a P-256 key, Unavailable while nobody answers.
        """
        ...

    async def revoke(self, device_id: UUID) -> None:
        """Have a device's certificates count no more. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Our own authority. What it takes back is told by the store: see ``store.certificates``."""

    authority: DeviceAuthority

    async def issue(self, request_der: bytes, device_id: UUID, now: datetime) -> Issued:
        """As ``DeviceAuthority.issue``."""
        return self.authority.issue(request_der, device_id, now)

    async def revoke(self, device_id: UUID) -> None:
        """Nothing to do here."""
