"""Limits of patients' alarms: a row for each version of a Goal that sets them, while it does."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import metadata, time_column

_NAME = Text(collation="C")

# Written with the version of the Goal, in its transaction; ended when another version follows. What
# was in force at a time stays known, so that signal that comes late is judged by it.
patient_limits = Table(
    "patient_limits",
    metadata,
    Column("goal", _NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("patient_id", _NAME, nullable=False),
    Column("body", JSONB, nullable=False),
    time_column("since"),
    time_column("until", nullable=True),
    PrimaryKeyConstraint("goal", "version"),
    Index("patient_limits_patient_id_since_idx", "patient_id", "since"),
    # One Goal of a patient sets limits at a time: two might say different things.
    Index(
        "patient_limits_in_force_key",
        "patient_id",
        unique=True,
        postgresql_where=sql("until IS NULL"),
    ),
)
