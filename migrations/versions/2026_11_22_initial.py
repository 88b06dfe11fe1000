"""Devices, their keys, and the sealed chunks that they sent."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_22_initial"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = (
    "device",
    "device_key",
    "wearing",
    "service_secret",
    "quarantine",
    "monitoring_session",
    "chunk",
)


def upgrade() -> None:
    _devices()
    _wearing()
    _set_aside()
    _chunks()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _devices() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("mqtt_password_sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "enrolled_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("status IN ('active', 'revoked')", name=op.f("device_status_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("device_pkey")),
    )
    op.create_table(
        "device_key",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "enrolled_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('active', 'retired', 'revoked')", name=op.f("device_key_status_check")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("device_key_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("device_id", "epoch", name=op.f("device_key_pkey")),
    )


def _wearing() -> None:
    op.create_table(
        "wearing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("wearing_device_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("wearing_pkey")),
    )
    op.create_index(
        op.f("wearing_device_id_since_idx"), "wearing", ["device_id", "since"], unique=False
    )


def _set_aside() -> None:
    op.create_table(
        "service_secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("service_secret_pkey")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("quarantine_pkey")),
    )
    op.create_index(
        op.f("quarantine_device_id_id_idx"), "quarantine", ["device_id", "id"], unique=False
    )


def _chunks() -> None:
    op.create_table(
        "monitoring_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.LargeBinary(), nullable=False),
        sa.Column("key_epoch", sa.BigInteger(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chunks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "first_received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("monitoring_session_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("monitoring_session_pkey")),
        sa.UniqueConstraint(
            "device_id", "session_id", name=op.f("monitoring_session_device_id_session_id_key")
        ),
    )
    op.create_table(
        "chunk",
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("chunk_session_fkey")
        ),
        sa.PrimaryKeyConstraint("session", "seq", name=op.f("chunk_pkey")),
    )
    # Ciphertext does not compress: do not try.
    op.execute("ALTER TABLE chunk ALTER COLUMN frame SET STORAGE EXTERNAL")
