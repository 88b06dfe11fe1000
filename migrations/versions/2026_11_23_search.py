"""Further dates, quantities and wordings that resources are found by."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_23_search"
down_revision: str | None = "2026_11_22_clients"
branch_labels: str | None = None
depends_on: str | None = None

_TABLES = ("resource_range", "resource_quantity", "resource_wording")


def upgrade() -> None:
    op.create_index(
        "resource_long_idx",
        "resource",
        ["type", "patient_id", "until"],
        unique=False,
        postgresql_where=sa.text("until - at > interval '1 hour'"),
    )
    _ranges()
    _quantities()
    _wordings()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("resource_long_idx", table_name="resource")


def _name(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def _ranges() -> None:
    op.create_table(
        "resource_range",
        _name("type"),
        _name("id"),
        _name("param"),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("low", sa.DateTime(timezone=True), nullable=False),
        sa.Column("high", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("type", "id", "param", "number", name=op.f("resource_range_pkey")),
    )
    for edge in ("low", "high"):
        columns = ["type", "param", edge, "id"]
        op.create_index(f"resource_range_{edge}_idx", "resource_range", columns, unique=False)


def _quantities() -> None:
    op.create_table(
        "resource_quantity",
        _name("type"),
        _name("id"),
        _name("param"),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        _name("system"),
        _name("code"),
        _name("unit"),
        sa.Column("low", sa.Numeric(), nullable=False),
        sa.Column("high", sa.Numeric(), nullable=False),
        _name("patient_id", nullable=True),
        sa.PrimaryKeyConstraint(
            "type", "id", "param", "number", name=op.f("resource_quantity_pkey")
        ),
    )
    op.create_index(
        "resource_quantity_low_idx",
        "resource_quantity",
        ["type", "param", "low", "id"],
        unique=False,
    )
    op.create_index(
        "resource_quantity_patient_idx",
        "resource_quantity",
        ["type", "param", "patient_id", "low", "id"],
        unique=False,
    )


def _wordings() -> None:
    op.create_table(
        "resource_wording",
        _name("type"),
        _name("param"),
        _name("text"),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("type", "param", "text", name=op.f("resource_wording_pkey")),
    )
