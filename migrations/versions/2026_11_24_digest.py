"""Digests of published findings, from which a session's report is made."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_24_digest"
down_revision: str | None = "2026_11_23_reindexing"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("worn", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("digest_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", "level", "number", name=op.f("digest_pkey")),
    )


def downgrade() -> None:
    op.drop_table("digest")
