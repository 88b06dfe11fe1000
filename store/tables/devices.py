"""Devices, their keys, who wears them, and the sealed chunks that they sent."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from store.tables.base import metadata, time_column

device = Table(
    "device",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("status", Text, nullable=False, server_default="active"),
    Column("mqtt_password_sha256", LargeBinary, nullable=False),
    time_column("enrolled_at", now=True),
    time_column("rotation_asked_at", nullable=True),
    # One that waits for an operator's approval may not write yet, a revoked one no more.
    CheckConstraint("status IN ('pending', 'active', 'revoked')", name="status"),
)

device_key = Table(
    "device_key",
    metadata,
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("status", Text, nullable=False, server_default="active"),
    time_column("enrolled_at", now=True),
    PrimaryKeyConstraint("device_id", "epoch"),
    # A retired epoch still opens what was sealed under it; a revoked one opens nothing.
    CheckConstraint("status IN ('active', 'retired', 'revoked')", name="status"),
)

# Which patient wore a device, and when: a moved device never mixes two patients' records.
wearing = Table(
    "wearing",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("patient_id", Text, nullable=False),
    time_column("since", now=True),
    time_column("until", nullable=True),
    Index(None, "device_id", "since"),
)

# Secrets of the service itself (its enrolment key), wrapped like a device's key.
service_secret = Table(
    "service_secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    time_column("created_at", now=True),
)

# Written by ingest only; analysis keeps its own row, so that neither waits for the other.
monitoring_session = Table(
    "monitoring_session",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("session_id", LargeBinary, nullable=False),
    Column("key_epoch", BigInteger, nullable=False),
    Column("watermark", BigInteger, nullable=False, server_default="0"),
    Column("chunks", BigInteger, nullable=False, server_default="0"),
    time_column("first_received_at", now=True),
    time_column("last_received_at", now=True),
    UniqueConstraint("device_id", "session_id"),
)

# The sealed bytes as the device sent them; plaintext never comes to rest.
chunk = Table(
    "chunk",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("frame", LargeBinary, nullable=False),
    time_column("received_at", now=True),
    PrimaryKeyConstraint("session", "seq"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    time_column("received_at", now=True),
    Column("topic", Text, nullable=False),
    Column("device_id", Uuid, nullable=True),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("frame", LargeBinary, nullable=False),
    Index(None, "device_id", "id"),
)
