"""Clients that are registered for certain patients."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_23_compartments"
down_revision: str | None = "2026_11_23_concepts"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    for name in ("patients", "groups"):
        kind = postgresql.ARRAY(sa.Text())
        op.add_column("client", sa.Column(name, kind, server_default="{}", nullable=False))


def downgrade() -> None:
    for name in ("groups", "patients"):
        op.drop_column("client", name)
