"""Histories of types: superseded versions by the time they were written."""

from alembic import op

revision: str = "2026_11_23_history"
down_revision: str | None = "2026_11_23_search"
branch_labels: str | None = None
depends_on: str | None = None

_INDEX = "resource_version_last_updated_idx"


def upgrade() -> None:
    op.create_index(_INDEX, "resource_version", ["type", "last_updated", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(_INDEX, "resource_version")
