"""FHIR Subscriptions: how far each has come, and the events that it was given."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from store.tables.base import metadata, time_column

_NAME = Text(collation="C")

# One row per Subscription: who asked for it and with which scopes, its counter of events, and how
# delivery fares. Versions of resources after ``since`` and until ``ends`` count for it.
# ``delivered`` is the last number its channel has taken. Who delivers holds the ``lease`` (a name
# of its own) until ``leased_until``: no transaction is open while a subscriber takes its time.
subscription = Table(
    "subscription",
    metadata,
    Column("id", _NAME, primary_key=True),
    Column("client", Text, nullable=True),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("status", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=True),
    time_column("since"),
    time_column("ends", nullable=True),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("delivered", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    time_column("failing_since", nullable=True),
    time_column("next_try_at", now=True),
    time_column("heartbeat_at", nullable=True),
    Column("error", Text, nullable=True),
    Column("lease", Text, nullable=True),
    time_column("leased_until", nullable=True),
    Column("last_failure", Text, nullable=True),
    CheckConstraint("status IN ('requested', 'active', 'error', 'off')", name="status"),
    Index(
        "subscription_due_idx",
        "next_try_at",
        postgresql_where=sql("status IN ('requested', 'active')"),
    ),
)

# What a Subscription is to be told of, numbered without gaps from 1; kept for some days.
subscription_event = Table(
    "subscription_event",
    metadata,
    Column("subscription", ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", _NAME, nullable=False),
    Column("resource_id", _NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("patient_id", _NAME, nullable=True),
    time_column("stamp"),
    time_column("created_at", now=True),
    PrimaryKeyConstraint("subscription", "number"),
    CheckConstraint("trigger IN ('create', 'update', 'delete')", name="trigger"),
    Index("subscription_event_created_at_idx", "created_at"),
)

# The stamp of the FHIR clock up to which versions have been matched. One row, one matcher at work.
subscription_cursor = Table(
    "subscription_cursor",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=sql("true")),
    time_column("stamp"),
    CheckConstraint("id", name="one_row"),
)

# Tokens with which a websocket is bound to Subscriptions, by their SHA-256.
websocket_token = Table(
    "websocket_token",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("client", Text, nullable=True),
    Column("subscriptions", ARRAY(_NAME), nullable=False),
    time_column("expires_at"),
)
