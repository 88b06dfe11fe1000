"""What alerts rest on, messages to care teams, and FHIR Subscriptions that are acted on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_alerting"
down_revision: str | None = "2026_11_24_digest"
branch_labels: str | None = None
depends_on: str | None = None

_NAME = sa.Text(collation="C")


def upgrade() -> None:
    op.add_column(
        "alert", sa.Column("priority", sa.Text(), server_default="medium", nullable=False)
    )
    op.add_column("alert", sa.Column("basis", postgresql.JSONB(), nullable=True))
    _notification()
    _subscription()
    _subscription_event()
    op.create_table(
        "subscription_cursor",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _time("stamp"),
        sa.CheckConstraint("id", name=op.f("subscription_cursor_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("subscription_cursor_pkey")),
    )
    op.create_table(
        "websocket_token",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("subscriptions", postgresql.ARRAY(_NAME), nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("websocket_token_pkey")),
    )


def downgrade() -> None:
    for table in ("websocket_token", "subscription_cursor", "subscription_event", "subscription"):
        op.drop_table(table)
    op.drop_table("notification")
    op.drop_column("alert", "basis")
    op.drop_column("alert", "priority")


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        _time("created_at", now=True),
        _time("next_try_at", now=True),
        _time("sent_at", nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'sent', 'dead')", name=op.f("notification_status_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notification_pkey")),
        sa.UniqueConstraint(
            "alarm", "event", "level", "round", "channel", "address",
            name=op.f("notification_alarm_event_level_round_channel_address_key"),
        ),
    )  # fmt: skip
    op.create_index(
        "notification_due_idx",
        "notification",
        ["next_try_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        _time("since"),
        sa.Column("events", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _time("failing_since", nullable=True),
        _time("next_try_at", now=True),
        _time("heartbeat_at", nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('requested', 'active', 'error', 'off')",
            name=op.f("subscription_status_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("subscription_pkey")),
    )
    op.create_index(
        "subscription_due_idx",
        "subscription",
        ["next_try_at"],
        postgresql_where=sa.text("status IN ('requested', 'active')"),
    )


def _subscription_event() -> None:
    op.create_table(
        "subscription_event",
        sa.Column("subscription", _NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("type", _NAME, nullable=False),
        sa.Column("resource_id", _NAME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("patient_id", _NAME, nullable=True),
        _time("stamp"),
        _time("created_at", now=True),
        sa.CheckConstraint(
            "trigger IN ('create', 'update', 'delete')",
            name=op.f("subscription_event_trigger_check"),
        ),
        sa.ForeignKeyConstraint(
            ["subscription"],
            ["subscription.id"],
            name=op.f("subscription_event_subscription_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription", "number", name=op.f("subscription_event_pkey")),
    )
    op.create_index("subscription_event_created_at_idx", "subscription_event", ["created_at"])


def _time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
