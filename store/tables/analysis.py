"""How far analysis has come, and what it found."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import metadata, time_column

# How far analysis has come in a session, and the signal state at that point.
analysis_cursor = Table(
    "analysis_cursor",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), primary_key=True),
    Column("next_seq", BigInteger, nullable=False, server_default="0"),
    # Chunks taken in; less than monitoring_session.chunks while there is something to do.
    Column("analysed", BigInteger, nullable=False, server_default="0"),
    Column("state", LargeBinary, nullable=True),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    time_column("updated_at", now=True),
)

# Chunks that did not come in time, and the state before them, so that a late chunk can be
# taken in by going back to there.
gap = Table(
    "gap",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=True),
    time_column("declared_at", now=True),
    PrimaryKeyConstraint("session", "first_seq"),
)

finding = Table(
    "finding",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("strip_index", BigInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    time_column("started_at"),
    time_column("updated_at", now=True),
    Column("published", Boolean, nullable=False, server_default=text("false")),
    # Changed since it was last published: its resources become amended.
    Column("amended", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("session", "strip_index"),
    Index("finding_unpublished_idx", "session", postgresql_where=text("NOT published")),
)

alert = Table(
    "alert",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("strip_index", BigInteger, nullable=False),
    time_column("opened_at"),
    time_column("closed_at", nullable=True),
    Column("evidence", Text, nullable=False),
    Column("priority", Text, nullable=False, server_default="medium"),
    Column("basis", JSONB, nullable=True),
    Column("published", Boolean, nullable=False, server_default=text("false")),
    time_column("found_at", now=True),
    # The alarm of the patient that it belongs to, once it is published.
    Column("alarm", ForeignKey("alarm.id"), nullable=True),
    PrimaryKeyConstraint("session", "kind", "strip_index"),
    Index("alert_unpublished_idx", "session", postgresql_where=text("NOT published")),
    Index("alert_alarm_idx", "alarm", postgresql_where=text("alarm IS NOT NULL")),
)

# The published findings of a block (level 0) or a chapter of blocks (1), summed up by wearer, so
# that a report need not read them again. It goes when one of them changes; ``worn`` and ``format``
# tell whether it still holds.
digest = Table(
    "digest",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("worn", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("session", "level", "number"),
)

# When a session's report was last written, and over how many findings.
report = Table(
    "report",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), primary_key=True),
    Column("status", Text, nullable=False),
    Column("findings", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    time_column("signal_until"),
    time_column("updated_at", now=True),
)
