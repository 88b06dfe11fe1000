"""Moving all wrapped keys from one vault to another.

Key by key: opened in the old vault, wrapped in the new, opened there and compared, and only then
put in the place of the old. A move that breaks off leaves each key in one vault or the other, and
is taken up again by being begun again.
"""

import hmac
from dataclasses import dataclass

from core.errors import Conflict, Incorrect
from core.keys import KeyVault
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
            raise Conflict(f"{key.name} came while keys were moved: stop the service, run again")
    return Moved(sum(moved), len(now_there) - sum(moved))


async def _move(database: Database, key: WrappedKey, source: KeyVault, target: KeyVault) -> bool:
    if await _opened(target, key) is not None:
        return False
    plain = await source.unwrap(key.name, key.wrapped)
    wrapped = await target.wrap(key.name, plain)
    if not hmac.compare_digest(await target.unwrap(key.name, wrapped), plain):
        raise Incorrect(f"the new vault gives another key back for {key.name}: nothing was changed")
    async with database.transaction() as tx:
        if not await replace(tx, key, wrapped):
            raise Conflict(f"{key.name} was changed meanwhile: stop the service, run again")
    return True


async def _opened(vault: KeyVault, key: WrappedKey) -> bytes | None:
    try:
        return await vault.unwrap(key.name, key.wrapped)
    except Incorrect:  # not wrapped there
        return None
