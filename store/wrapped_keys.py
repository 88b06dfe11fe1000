"""Every wrapped key there is, of devices and of the service, to be wrapped anew."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import device_key, service_secret

_SERVICE_EPOCH = 1  # the service's own secrets are made once, and keep their first epoch


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored: a device's (``owner`` is its id) or a secret of the service."""

    of_device: bool
    owner: str
    epoch: int
    wrapped: bytes = field(repr=False)


async def everything(tx: AsyncConnection) -> list[WrappedKey]:
    """The service's secrets, then the devices' keys of all epochs, revoked ones too."""
    secrets = await tx.execute(
        select(service_secret.c.name, service_secret.c.wrapped).order_by(service_secret.c.name)
    )
    keys = await tx.execute(
        select(device_key.c.device_id, device_key.c.epoch, device_key.c.wrapped).order_by(
            device_key.c.device_id, device_key.c.epoch
        )
    )
    return [
        *(
            WrappedKey(of_device=False, owner=name, epoch=_SERVICE_EPOCH, wrapped=wrapped)
            for name, wrapped in secrets
        ),
        *(
            WrappedKey(of_device=True, owner=str(device), epoch=epoch, wrapped=wrapped)
            for device, epoch, wrapped in keys
        ),
    ]


async def replace(tx: AsyncConnection, old: WrappedKey, wrapped: bytes) -> bool:
    """Store another wrapping of the same key; False, and nothing done, if ``old`` is not there."""
    if old.of_device:
        table, mine = device_key, device_key.c.epoch == old.epoch
        mine &= device_key.c.device_id == UUID(old.owner)
    else:
        table, mine = service_secret, service_secret.c.name == old.owner
    change = update(table).where(mine, table.c.wrapped == old.wrapped).values(wrapped=wrapped)
    return (await tx.execute(change)).rowcount == 1
