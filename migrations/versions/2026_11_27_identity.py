"""Devices that wait for approval, their certificates, and keys that are to be renewed."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_27_identity"
down_revision: str | None = "2026_11_26_messages"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _status("'pending', 'active', 'revoked'")
    op.add_column("device", sa.Column("rotation_asked_at", sa.DateTime(timezone=True)))
    op.create_table(
        "device_approval",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("device_approval_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("device_approval_pkey")),
    )
    op.create_table(
        "device_certificate",
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("device_certificate_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("device_certificate_pkey")),
    )
    op.create_index("device_certificate_device_id_idx", "device_certificate", ["device_id"])


def downgrade() -> None:
    op.drop_table("device_certificate")
    op.drop_table("device_approval")
    op.drop_column("device", "rotation_asked_at")
    # Who was never approved may write nothing, before as after.
    op.execute("UPDATE device SET status = 'revoked' WHERE status = 'pending'")
    _status("'active', 'revoked'")


def _status(known: str) -> None:
    op.drop_constraint(op.f("device_status_check"), "device", type_="check")
    op.create_check_constraint(op.f("device_status_check"), "device", f"status IN ({known})")
