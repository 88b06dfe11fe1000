"""Moving all wrapped keys from one vault to another.

Key by key: opened in the old vault, wrapped in the new, opened there and compared, and only then
put in the place of the old. A move that breaks off leaves each key in one vault or the other, and
is taken up again by being begun again.
"""

import hmac
from dataclasses import dataclass

from core.errors import Conflict, Incorrect
from core.keys import KeyName, KeyPurpose, KeyVault
from store.database import Database
from store.wrapped_keys import WrappedKey, everything, replace


@dataclass(frozen=True, slots=True)
class Moved:
    """How many keys were moved now, and how many stood in the new vault before."""

    n_moved: int
    n_there: int


async def move(database: Database, source: KeyVault, target: KeyVault) -> Moved:
    """Move every key into ``target``; at the end each has been opened there.

    Raises Incorrect for a key that neither vault opens, Conflict if a service enrols devices into
    the old vault meanwhile, Unavailable while a vault is away. What was moved stays moved.
    """
    async with database.transaction() as tx:
        keys = await everything(tx)
    moved = [await _move(database, key, source, target) for key in keys]
    async with database.transaction() as tx:
        now_there = await everything(tx)
    for key in now_there:
        if await _opened(target, key) is None:
            raise Conflict(
                f"{name_of(key)} came while keys were moved: stop the service, run again"
            )
    return Moved(sum(moved), len(now_there) - sum(moved))


def name_of(key: WrappedKey) -> KeyName:
    """The name that a stored key is bound to."""
    purpose = KeyPurpose.DEVICE if key.of_device else KeyPurpose.SERVICE
    return KeyName(purpose, key.owner, key.epoch)


async def _move(database: Database, key: WrappedKey, source: KeyVault, target: KeyVault) -> bool:
    if await _opened(target, key) is not None:
        return False
    name = name_of(key)
    plain = await source.unwrap(name, key.wrapped)
    wrapped = await target.wrap(name, plain)
    if not hmac.compare_digest(await target.unwrap(name, wrapped), plain):
        raise Incorrect(f"the new vault gives another key back for {name}: nothing was changed")
    async with database.transaction() as tx:
        if not await replace(tx, key, wrapped):
            raise Conflict(f"{name} was changed meanwhile: stop the service, run again")
    return True


async def _opened(vault: KeyVault, key: WrappedKey) -> bytes | None:
    try:
        return await vault.unwrap(name_of(key), key.wrapped)
    except Incorrect:  # not wrapped there
        return None
