"""Backend services: who may ask for tokens, and which tokens are void."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.tables.base import metadata, time_column

# Who may ask for tokens: backend services, with their public keys or where these stand.
client = Table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("jwks", JSONB, nullable=True),
    Column("jwks_url", Text, nullable=True),
    Column("scopes", ARRAY(Text), nullable=False),
    # Whom its scopes ``patient/`` are about: patients, and the members of groups, by their ids.
    Column("patients", ARRAY(Text), nullable=False, server_default="{}"),
    Column("groups", ARRAY(Text), nullable=False, server_default="{}"),
    Column("status", Text, nullable=False, server_default="active"),
    time_column("created_at", now=True),
    CheckConstraint("status IN ('active', 'disabled')", name="status"),
    CheckConstraint("(jwks IS NULL) <> (jwks_url IS NULL)", name="one_key_source"),
)

# Assertions that have been used, until they expire: each is good for one request.
client_assertion = Table(
    "client_assertion",
    metadata,
    Column("client_id", ForeignKey("client.id"), primary_key=True),
    Column("jti", Text, primary_key=True),
    time_column("expires_at"),
    Index(None, "expires_at"),
)

# Access tokens that were revoked, until they would have expired anyway.
revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    time_column("expires_at"),
)
