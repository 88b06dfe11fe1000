"""Subscriptions remember the scopes by which they were asked for, and when they end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_subscriptions"
down_revision: str | None = "2026_11_25_alarms"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "subscription",
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("subscription", sa.Column("ends", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("subscription", "ends")
    op.drop_column("subscription", "scopes")
