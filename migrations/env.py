"""Alembic's environment, async template: https://alembic.sqlalchemy.org/en/latest/cookbook.html .

The service passes a connection of its own (``config.attributes``); on the command line the
address comes from ``HISBUNDLE_DATABASE_URL``.
"""

import asyncio
import os
from typing import Any

import asyncpg
from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from store.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_run() -> None:
    async def connect(*_: object, **__: object) -> Any:
        return await asyncpg.connect(os.environ["HISBUNDLE_DATABASE_URL"])

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, poolclass=pool.NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(_connect_and_run())
else:
    _run(given)
