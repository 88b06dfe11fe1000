"""Every wrapped key there is, of devices and of the service, to be wrapped anew."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.keys import KeyName, KeyPurpose, device_key_name
from store.tables import device_key, service_secret

_SERVICE_EPOCH = 1  # the service's own secrets are made once, and keep their first epoch


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored, and the name that it is bound to."""

    name: KeyName
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
            WrappedKey(KeyName(KeyPurpose.SERVICE, name, _SERVICE_EPOCH), wrapped)
            for name, wrapped in secrets
        ),
        *(WrappedKey(device_key_name(device, epoch), wrapped) for device, epoch, wrapped in keys),
    ]


async def replace(tx: AsyncConnection, old: WrappedKey, wrapped: bytes) -> bool:
    """Store another wrapping of the same key; False, and nothing done, if ``old`` is not there."""
    if old.name.purpose is KeyPurpose.SERVICE:
        table, where = service_secret, service_secret.c.name == old.name.owner
    else:
        table = device_key
        where = (device_key.c.device_id == UUID(old.name.owner)) & (
            device_key.c.epoch == old.name.epoch
        )
    change = update(table).where(where, table.c.wrapped == old.wrapped).values(wrapped=wrapped)
    return (await tx.execute(change)).rowcount == 1
