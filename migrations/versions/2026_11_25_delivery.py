"""Subscriptions are leased to who delivers, and remember what went wrong last."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_delivery"
down_revision: str | None = "2026_11_25_subscriptions"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("subscription", sa.Column("lease", sa.Text(), nullable=True))
    op.add_column(
        "subscription", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("subscription", sa.Column("last_failure", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscription", "last_failure")
    op.drop_column("subscription", "leased_until")
    op.drop_column("subscription", "lease")
