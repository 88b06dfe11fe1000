"""Secrets of the service itself, wrapped by the key vault like a device's key."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import service_secret


async def find(tx: AsyncConnection, name: str) -> bytes | None:
    """The wrapped secret, or None."""
    query = select(service_secret.c.wrapped).where(service_secret.c.name == name)
    return (await tx.execute(query)).scalar_one_or_none()


async def put_first(tx: AsyncConnection, name: str, wrapped: bytes) -> bytes:
    """Store a secret unless there is one of that name; the one that is now stored.

    Two processes that begin together agree on the secret of whichever came first.
    """
    fresh = insert(service_secret).values(name=name, wrapped=wrapped)
    await tx.execute(fresh.on_conflict_do_nothing())
    stored = await find(tx, name)
    return wrapped if stored is None else stored
