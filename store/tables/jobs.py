"""Work that a client ordered and fetches later: bulk exports and asynchronous searches."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import metadata, time_column

_NAME = Text(collation="C")

# One order: who gave it, under which scopes, what for, and how far it has come. ``stage`` and
# ``after`` are the place to go on from, so a job outlives whoever works on it.
job = Table(
    "job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("request", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    time_column("as_of"),
    time_column("created_at", now=True),
    time_column("turned_at", now=True),
    time_column("expires_at"),
    Column("stage", Integer, nullable=False, server_default="0"),
    Column("after", _NAME, nullable=False, server_default=""),
    Column("written", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    CheckConstraint("state IN ('active', 'done', 'failed')", name="state"),
    Index("job_active_idx", "turned_at", postgresql_where=text("state = 'active'")),
    Index(None, "expires_at"),
)

# One file of a job's output: which versions of which resources, not their content. Versions
# never change, so the same file can be written out at any time, and nothing rests twice.
job_part = Table(
    "job_part",
    metadata,
    Column("job", ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("type", _NAME, nullable=False),
    Column("deletions", Boolean, nullable=False),
    Column("ids", ARRAY(_NAME), nullable=False),
    Column("versions", ARRAY(BigInteger), nullable=False),
    Column("patients", ARRAY(_NAME), nullable=False),
)
