"""The audit trail: entries, and the batches that chain them (see core.audit).

Both are append-only: triggers refuse UPDATE, DELETE and TRUNCATE to everybody (migrations), and
``hisbundle audit verify`` finds what was done behind their backs. Nothing is ever deleted.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from store.tables.base import metadata, time_column

audit_batch = Table(
    "audit_batch",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    time_column("committed_at"),
    CheckConstraint("first_seq <= last_seq", name="order"),
)

# One row per patient disclosed, or one for a request that disclosed none. ``seq`` follows the
# order of the commits: times and numbers never become visible out of order.
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    # No foreign key: to look up its target takes the right to update it, which nobody has.
    Column("batch", BigInteger, nullable=False),
    time_column("recorded_at"),
    Column("interaction", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=True),
    Column("outcome", SmallInteger, nullable=False),
    Column("client", Text, nullable=True),
    Column("token", Text, nullable=True),
    Column("patient", Text, nullable=True),
    Column("type", Text, nullable=True),
    Column("resource_id", Text, nullable=True),
    Column("version", Text, nullable=True),
    Column("request_id", Text, nullable=True),
    Column("address", Text, nullable=True),
    Column("server", Text, nullable=True),
    Column("reason", Text, nullable=True),
    Column("repeats", BigInteger, nullable=False, server_default="1"),
    Index("audit_entry_at_idx", "recorded_at", "seq"),
    Index("audit_entry_patient_at_idx", "patient", "recorded_at", "seq"),
    Index("audit_entry_client_at_idx", "client", "recorded_at", "seq"),
    Index("audit_entry_resource_at_idx", "type", "resource_id", "recorded_at", "seq"),
)
