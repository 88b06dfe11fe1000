"""Alarms: one per patient and condition, what has happened to each, and whom to tell."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import metadata, time_column

_NAME = Text(collation="C")

# One row per alarm, its id that of its Flag, named by the alert that opened it. While one is not
# over there is no other of the same patient and condition. ``next_at`` is its timer.
alarm = Table(
    "alarm",
    metadata,
    Column("id", _NAME, primary_key=True),
    Column("patient_id", _NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("strip_index", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("count", Integer, nullable=False),
    time_column("opened_at"),
    time_column("last_seen_at"),
    time_column("closed_at", nullable=True),
    Column("policy", JSONB, nullable=False),
    time_column("raised_at"),
    time_column("round_at"),
    Column("round", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    time_column("asked_at"),
    Column("reached", JSONB, nullable=False),
    time_column("notified_at", nullable=True),
    time_column("acknowledged_at", nullable=True),
    Column("acknowledged_by", Text, nullable=True),
    Column("put_down", Boolean, nullable=False),
    time_column("ended_at", nullable=True),
    Column("settled", Boolean, nullable=False),
    time_column("next_at", nullable=True),
    CheckConstraint(
        "state IN ('open', 'notified', 'acknowledged', 'resolved', 'expired', 'withdrawn')",
        name="state",
    ),
    CheckConstraint(
        "(ended_at IS NOT NULL) = (state IN ('resolved', 'expired', 'withdrawn'))", name="ended"
    ),
    Index(
        "alarm_living_idx",
        "patient_id",
        "kind",
        unique=True,
        postgresql_where=sql("ended_at IS NULL"),
    ),
    Index("alarm_ended_at_idx", "patient_id", "kind", "ended_at"),
    Index("alarm_next_at_idx", "next_at", postgresql_where=sql("next_at IS NOT NULL")),
)

# What has happened to an alarm, in order; never changed.
alarm_event = Table(
    "alarm_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("alarm", ForeignKey("alarm.id", ondelete="CASCADE"), nullable=False),
    time_column("at"),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=True),
    Index("alarm_event_alarm_idx", "alarm", "id"),
)

# The policies in force, in the order in which they are looked through; each alarm has its own copy.
escalation_policy = Table(
    "escalation_policy",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("body", JSONB, nullable=False),
    time_column("set_at", now=True),
)
