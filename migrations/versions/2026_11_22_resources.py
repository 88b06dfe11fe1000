"""FHIR resources, their versions, and what they are found by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_22_resources"
down_revision: str | None = "2026_11_22_analysis"
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = ("fhir_clock", "resource", "resource_version", "resource_token")


def upgrade() -> None:
    _clock()
    _resources()
    _search()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _clock() -> None:
    op.create_table(
        "fhir_clock",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("stamp", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id", name=op.f("fhir_clock_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("fhir_clock_pkey")),
    )


def _resources() -> None:
    op.create_table(
        "resource",
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("render", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "filters", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False
        ),
        sa.PrimaryKeyConstraint("type", "id", name=op.f("resource_pkey")),
    )
    op.create_index("resource_at_idx", "resource", ["type", "at", "id"], unique=False)
    op.create_index(
        "resource_last_updated_idx", "resource", ["type", "last_updated", "id"], unique=False
    )
    op.create_index(
        "resource_patient_at_idx", "resource", ["type", "patient_id", "at", "id"], unique=False
    )
    op.create_index(
        "resource_filters_idx",
        "resource",
        ["filters"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 1024},
    )
    op.create_table(
        "resource_version",
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("render", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("type", "id", "version", name=op.f("resource_version_pkey")),
    )


def _search() -> None:
    op.create_table(
        "resource_token",
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("param", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("systems", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("type", "id", "param", "code", name=op.f("resource_token_pkey")),
    )
    op.create_index(
        "resource_token_code_idx",
        "resource_token",
        ["type", "param", "code", "patient_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        "resource_token_long_idx",
        "resource_token",
        ["type", "param", "code", "patient_id", "until"],
        unique=False,
        postgresql_where=sa.text("until - at > interval '1 hour'"),
    )
