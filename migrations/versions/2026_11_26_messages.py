"""Messages that were taken are found by address and time: how many went there of late."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_26_messages"
down_revision: str | None = "2026_11_26_limits"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_index(
        "notification_sent_idx",
        "notification",
        ["channel", "address", "sent_at"],
        postgresql_where=sa.text("status = 'sent'"),
    )


def downgrade() -> None:
    op.drop_index("notification_sent_idx", "notification")
