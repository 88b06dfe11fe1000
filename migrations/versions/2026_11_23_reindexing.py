"""How far the index of the resources has been made anew; the service does so once it runs."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_23_reindexing"
down_revision: str | None = "2026_11_23_compartments"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "reindexing",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("declarations", sa.Text(), nullable=False),
        sa.Column("after_type", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("after_id", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("id", name=op.f("reindexing_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("reindexing_pkey")),
    )


def downgrade() -> None:
    op.drop_table("reindexing")
