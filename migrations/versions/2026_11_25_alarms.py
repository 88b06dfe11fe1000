"""Alarms, their history, and the escalation policies in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_alarms"
down_revision: str | None = "2026_11_25_alerting"
branch_labels: str | None = None
depends_on: str | None = None

_NAME = sa.Text(collation="C")


def upgrade() -> None:
    _alarm()
    op.create_table(
        "alarm_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("alarm", _NAME, nullable=False),
        _time("at"),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alarm"], ["alarm.id"], name=op.f("alarm_event_alarm_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alarm_event_pkey")),
    )
    op.create_index("alarm_event_alarm_idx", "alarm_event", ["alarm", "id"])
    op.create_table(
        "escalation_policy",
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        _time("set_at", now=True),
        sa.PrimaryKeyConstraint("number", name=op.f("escalation_policy_pkey")),
        sa.UniqueConstraint("name", name=op.f("escalation_policy_name_key")),
    )
    op.add_column("alert", _time("found_at", now=True))
    op.add_column("alert", sa.Column("alarm", _NAME, nullable=True))
    op.create_foreign_key(op.f("alert_alarm_fkey"), "alert", "alarm", ["alarm"], ["id"])
    op.create_index(
        "alert_alarm_idx", "alert", ["alarm"], postgresql_where=sa.text("alarm IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("alert_alarm_idx", "alert")
    op.drop_constraint(op.f("alert_alarm_fkey"), "alert")
    op.drop_column("alert", "alarm")
    op.drop_column("alert", "found_at")
    for table in ("escalation_policy", "alarm_event", "alarm"):
        op.drop_table(table)


def _alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("patient_id", _NAME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("strip_index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _time("opened_at"),
        _time("last_seen_at"),
        _time("closed_at", nullable=True),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        _time("raised_at"),
        _time("round_at"),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        _time("asked_at"),
        sa.Column("reached", postgresql.JSONB(), nullable=False),
        _time("notified_at", nullable=True),
        _time("acknowledged_at", nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("put_down", sa.Boolean(), nullable=False),
        _time("ended_at", nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        _time("next_at", nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'notified', 'acknowledged', 'resolved', 'expired', 'withdrawn')",
            name=op.f("alarm_state_check"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('resolved', 'expired', 'withdrawn'))",
            name=op.f("alarm_ended_check"),
        ),
        sa.ForeignKeyConstraint(
            ["session"], ["monitoring_session.id"], name=op.f("alarm_session_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alarm_pkey")),
    )
    _alarm_indices()


def _alarm_indices() -> None:
    op.create_index(
        "alarm_living_idx",
        "alarm",
        ["patient_id", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("alarm_ended_at_idx", "alarm", ["patient_id", "kind", "ended_at"])
    op.create_index(
        "alarm_next_at_idx",
        "alarm",
        ["next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
