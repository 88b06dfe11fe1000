"""Messages to care teams about alerts: an outbox, and the record of what came of each."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import metadata, time_column

# One row per alert (its Flag's id), event, level, round, channel and address: a timer that fires
# twice puts out one message. ``message`` is what is sent; it names no patient.
notification = Table(
    "notification",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("alarm", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("message", JSONB, nullable=False),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("receipt", Text, nullable=True),
    Column("error", Text, nullable=True),
    time_column("created_at", now=True),
    time_column("next_try_at", now=True),
    time_column("sent_at", nullable=True),
    UniqueConstraint("alarm", "event", "level", "round", "channel", "address"),
    CheckConstraint("status IN ('waiting', 'sent', 'dead')", name="status"),
    Index(
        "notification_due_idx",
        "next_try_at",
        postgresql_where=sql("status = 'waiting'"),
    ),
    Index(
        "notification_sent_idx",
        "channel",
        "address",
        "sent_at",
        postgresql_where=sql("status = 'sent'"),
    ),
)
