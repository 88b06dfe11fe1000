"""HL7 v2 messages on their way to the hospital."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, Table, Text
from sqlalchemy import text as sql

from store.tables.base import metadata, time_column

# One row per version of a report that goes out; ``stream`` (the patient) keeps its own order.
# The text is kept until it is acknowledged, so that every attempt sends the same bytes.
hl7v2_message = Table(
    "hl7v2_message",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("control_id", Text, nullable=False, unique=True),
    Column("report_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("stream", Text, nullable=False),
    Column("text", Text, nullable=True),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    time_column("created_at", now=True),
    time_column("next_try_at", now=True),
    time_column("acknowledged_at", nullable=True),
    CheckConstraint("status IN ('waiting', 'acknowledged', 'held')", name="status"),
    CheckConstraint("(text IS NULL) = (status = 'acknowledged')", name="text_until_acknowledged"),
    Index(
        "hl7v2_message_waiting_idx",
        "stream",
        "id",
        postgresql_where=sql("status = 'waiting'"),
    ),
    Index(
        "hl7v2_message_held_idx",
        "id",
        postgresql_where=sql("status = 'held'"),
    ),
)
