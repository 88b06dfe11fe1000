"""The audit trail: entries and their chained batches, append-only."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_23_audit"
down_revision: str | None = "2026_11_23_jobs"
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = ("audit_batch", "audit_entry")
_TEXTS = (
    "client", "token", "patient", "type", "resource_id", "version", "request_id", "address",
    "server", "reason",
)  # fmt: skip


def upgrade() -> None:
    _batches()
    _entries()
    _append_only()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_is_append_only()")


def _batches() -> None:
    op.create_table(
        "audit_batch",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_seq <= last_seq", name=op.f("audit_batch_order_check")),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_batch_pkey")),
    )


def _entries() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interaction", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=True) for name in _TEXTS],
        sa.Column("repeats", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("audit_entry_pkey")),
    )
    for name, columns in (
        ("at", ()),
        ("patient_at", ("patient",)),
        ("client_at", ("client",)),
        ("resource_at", ("type", "resource_id")),
    ):
        op.create_index(f"audit_entry_{name}_idx", "audit_entry", [*columns, "recorded_at", "seq"])


def _append_only() -> None:
    """Rights stop who does not own the tables; the triggers stop their owner too."""
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the audit trail is append-only'"
        " USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")
