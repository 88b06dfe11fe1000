"""Backend services: clients, their used assertions, their revoked tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_22_clients"
down_revision: str | None = "2026_11_22_resources"
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = ("client", "client_assertion", "revoked_token")


def upgrade() -> None:
    _clients()
    _assertions()
    _revoked()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _clients() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("jwks_url", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("status IN ('active', 'disabled')", name=op.f("client_status_check")),
        sa.CheckConstraint(
            "(jwks IS NULL) <> (jwks_url IS NULL)", name=op.f("client_one_key_source_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("client_pkey")),
    )


def _assertions() -> None:
    op.create_table(
        "client_assertion",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("client_assertion_client_id_fkey")
        ),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("client_assertion_pkey")),
    )
    op.create_index(
        op.f("client_assertion_expires_at_idx"), "client_assertion", ["expires_at"], unique=False
    )


def _revoked() -> None:
    op.create_table(
        "revoked_token",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("revoked_token_client_id_fkey")
        ),
        sa.PrimaryKeyConstraint("jti", name=op.f("revoked_token_pkey")),
    )
