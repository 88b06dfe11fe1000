"""HL7 v2 messages on their way to the hospital."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_23_hl7v2"
down_revision: str | None = "2026_11_23_audit"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "hl7v2_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        _time("created_at"),
        _time("next_try_at"),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'acknowledged', 'held')",
            name=op.f("hl7v2_message_status_check"),
        ),
        sa.CheckConstraint(
            "(text IS NULL) = (status = 'acknowledged')",
            name=op.f("hl7v2_message_text_until_acknowledged_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hl7v2_message_pkey")),
        sa.UniqueConstraint("control_id", name=op.f("hl7v2_message_control_id_key")),
    )
    for name, columns in (("waiting", ["stream", "id"]), ("held", ["id"])):
        op.create_index(
            f"hl7v2_message_{name}_idx",
            "hl7v2_message",
            columns,
            postgresql_where=sa.text(f"status = '{name}'"),
        )


def downgrade() -> None:
    op.drop_table("hl7v2_message")


def _time(name: str) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=sa.text("now()"), nullable=False)
