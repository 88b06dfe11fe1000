"""Backend services: who they are, which of their assertions were used, which tokens are revoked.

Source: https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import NotFound
from store.tables import client, client_assertion, revoked_token


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client, with ``jwks`` or ``jwks_url``. ``status`` is active or disabled.

    Its scopes of patients mean ``patients`` and the members of ``groups`` (ids).
    """

    id: str
    name: str
    jwks: dict[str, Any] | None
    jwks_url: str | None
    scopes: tuple[str, ...]
    status: str
    created_at: datetime
    patients: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Whose word counts no more: revoked tokens (``jti``) and disabled clients."""

    tokens: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()


# Rows outlive what they tell of: clocks differ, and a token counts for some seconds beyond its end.
_KEPT: ColumnElement[Any] = literal_column("interval '10 minutes'")

_COLUMNS = (
    client.c.id, client.c.name, client.c.jwks, client.c.jwks_url, client.c.scopes,
    client.c.status, client.c.created_at, client.c.patients, client.c.groups,
)  # fmt: skip


async def add(
    tx: AsyncConnection,
    id_: str,
    name: str,
    scopes: Sequence[str],
    *,
    jwks: dict[str, Any] | None = None,
    jwks_url: str | None = None,
    patients: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> None:
    """Register a client with its keys, or with the address of its keys."""
    # A JSON null is not NULL; a column that is left out is.
    keys = {"jwks": jwks} if jwks is not None else {"jwks_url": jwks_url}
    row = {"id": id_, "name": name, "scopes": list(scopes)} | keys
    row |= {"patients": list(patients), "groups": list(groups)}
    await tx.execute(insert(client).values(**row))


async def find(tx: AsyncConnection, id_: str) -> Client | None:
    """The client, whatever its status, or None."""
    row = (await tx.execute(select(*_COLUMNS).where(client.c.id == id_))).one_or_none()
    return _client(row) if row else None


async def listing(tx: AsyncConnection, limit: int) -> list[Client]:
    """Up to ``limit`` clients, the latest registered first."""
    query = select(*_COLUMNS).order_by(client.c.created_at.desc(), client.c.id).limit(limit)
    return [_client(row) for row in await tx.execute(query)]


async def disable(tx: AsyncConnection, id_: str) -> None:
    """Let a client in no more. Raises NotFound for an unknown one."""
    changed = update(client).where(client.c.id == id_).values(status="disabled")
    result: CursorResult[tuple[()]] = await tx.execute(changed)
    if result.rowcount != 1:
        raise NotFound(f"no client {id_}")


async def use_assertion(
    tx: AsyncConnection, client_id: str, jti: str, expires_at: datetime
) -> bool:
    """Note that an assertion is used; False if it was used before, by whichever process.

    What expired long ago is forgotten: it is refused for that alone.
    """
    expired = client_assertion.c.expires_at < func.now() - _KEPT
    await tx.execute(delete(client_assertion).where(expired))
    fresh = insert(client_assertion).values(client_id=client_id, jti=jti, expires_at=expires_at)
    kept = await tx.execute(fresh.on_conflict_do_nothing().returning(client_assertion.c.jti))
    return kept.one_or_none() is not None


async def revoke(tx: AsyncConnection, client_id: str, jti: str, expires_at: datetime) -> None:
    """Revoke an access token, until it expires. Twice is the same as once."""
    expired = revoked_token.c.expires_at < func.now() - _KEPT
    await tx.execute(delete(revoked_token).where(expired))
    gone = insert(revoked_token).values(jti=jti, client_id=client_id, expires_at=expires_at)
    await tx.execute(gone.on_conflict_do_nothing())


async def refused(tx: AsyncConnection) -> Refused:
    """Everything that the gate must refuse, however well it is signed."""
    live = revoked_token.c.expires_at >= func.now() - _KEPT
    tokens = await tx.execute(select(revoked_token.c.jti).where(live))
    clients = await tx.execute(select(client.c.id).where(client.c.status == "disabled"))
    return Refused(frozenset(tokens.scalars()), frozenset(clients.scalars()))


def _client(row: Any) -> Client:
    id_, name, jwks, jwks_url, scopes, status, created_at, patients, groups = row
    return Client(
        id_, name, jwks, jwks_url, tuple(scopes), status, created_at,
        tuple(patients), tuple(groups),
    )  # fmt: skip
