"""Jobs: bulk exports and asynchronous searches, and the files they consist of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_23_jobs"
down_revision: str | None = "2026_11_23_history"
branch_labels: str | None = None
depends_on: str | None = None

_NAME = sa.Text(collation="C")


def upgrade() -> None:
    _jobs()
    _parts()


def downgrade() -> None:
    op.drop_table("job_part")
    op.drop_table("job")


def _time(name: str, *, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=False)


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        _time("as_of"),
        _time("created_at", now=True),
        _time("turned_at", now=True),
        _time("expires_at"),
        sa.Column("stage", sa.Integer(), server_default="0", nullable=False),
        sa.Column("after", _NAME, server_default="", nullable=False),
        sa.Column("written", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("state IN ('active', 'done', 'failed')", name=op.f("job_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("job_pkey")),
    )
    op.create_index(
        "job_active_idx",
        "job",
        ["turned_at"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(op.f("job_expires_at_idx"), "job", ["expires_at"], unique=False)


def _parts() -> None:
    op.create_table(
        "job_part",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", _NAME, nullable=False),
        sa.Column("deletions", sa.Boolean(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(_NAME), nullable=False),
        sa.Column("versions", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("patients", postgresql.ARRAY(_NAME), nullable=False),
        sa.ForeignKeyConstraint(
            ["job"], ["job.id"], name=op.f("job_part_job_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("job_part_pkey")),
    )
