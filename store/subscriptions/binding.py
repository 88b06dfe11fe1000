"""Tokens with which a websocket is bound to Subscriptions: used once, soon, known by a digest."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ADD = text(
    "INSERT INTO websocket_token (token_sha256, client, subscriptions, expires_at)"
    " VALUES (:digest, :client, CAST(:ids AS text[]), :until)"
)
_USE = text(
    "DELETE FROM websocket_token WHERE token_sha256 = :digest"
    " RETURNING client, subscriptions, expires_at"
)
_FORGET = text("DELETE FROM websocket_token WHERE expires_at <= :now")


@dataclass(frozen=True, slots=True)
class Binding:
    """Who may be told, and of which Subscriptions (ids)."""

    client: str | None
    subscriptions: tuple[str, ...]


async def add(
    tx: AsyncConnection, token: str, binding: Binding, now: datetime, until: datetime
) -> None:
    """Note a token that counts once before ``until``; those whose time is over are forgotten."""
    await tx.execute(_FORGET, {"now": now})
    row = {"digest": _digest(token), "client": binding.client}
    await tx.execute(_ADD, row | {"ids": list(binding.subscriptions), "until": until})


async def use(tx: AsyncConnection, token: str, now: datetime) -> Binding | None:
    """What a token binds to; None if it was used before, has expired or is none."""
    row = (await tx.execute(_USE, {"digest": _digest(token)})).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    return Binding(row.client, tuple(row.subscriptions))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
