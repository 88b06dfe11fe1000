"""States of analysis are stored as they are: arrays of floats do not compress, trying costs."""

from alembic import op

revision: str = "2026_11_28_states"
down_revision: str | None = "2026_11_27_identity"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _storage("EXTERNAL")


def downgrade() -> None:
    _storage("EXTENDED")


def _storage(kind: str) -> None:
    # What is stored already is rewritten with its session's next turn.
    op.execute(f"ALTER TABLE analysis_cursor ALTER COLUMN state SET STORAGE {kind}")
    op.execute(f"ALTER TABLE gap ALTER COLUMN state SET STORAGE {kind}")
