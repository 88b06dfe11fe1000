"""How far analysis has come, and what it found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_22_analysis"
down_revision: str | None = "2026_11_22_initial"
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = ("analysis_cursor", "gap", "finding", "alert", "report")


def upgrade() -> None:
    _progress()
    _findings()
    _alerts()
    _reports()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _progress() -> None:
    op.create_table(
        "analysis_cursor",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("analysed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("ended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("analysis_cursor_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", name=op.f("analysis_cursor_pkey")),
    )
    op.create_table(
        "gap",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column(
            "declared_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("gap_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", "first_seq", name=op.f("gap_pkey")),
    )


def _findings() -> None:
    op.create_table(
        "finding",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("strip_index", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("amended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("finding_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", "strip_index", name=op.f("finding_pkey")),
    )
    op.create_index(
        "finding_unpublished_idx",
        "finding",
        ["session"],
        unique=False,
        postgresql_where=sa.text("NOT published"),
    )


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("strip_index", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("alert_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", "kind", "strip_index", name=op.f("alert_pkey")),
    )
    op.create_index(
        "alert_unpublished_idx",
        "alert",
        ["session"],
        unique=False,
        postgresql_where=sa.text("NOT published"),
    )


def _reports() -> None:
    op.create_table(
        "report",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.BigInteger(), nullable=False),
        sa.Column("signal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("report_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", name=op.f("report_pkey")),
    )
