"""Limits that clinicians set for patients' alarms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_26_limits"
down_revision: str | None = "2026_11_25_delivery"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "patient_limits",
        sa.Column("goal", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("goal", "version", name=op.f("patient_limits_pkey")),
    )
    op.create_index(
        "patient_limits_patient_id_since_idx", "patient_limits", ["patient_id", "since"]
    )
    op.create_index(
        "patient_limits_in_force_key",
        "patient_limits",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("patient_limits")
