"""How far the index of the resources has been made anew, after what they are found by changed."""

from sqlalchemy import Boolean, CheckConstraint, Column, Table, Text, text

from store.tables.base import metadata

_NAME = Text(collation="C")

# One row, one lock: whoever indexes anew holds it until the commit. ``declarations`` names what
# resources are found by; those up to ``after_type`` and ``after_id`` are indexed by it.
reindexing = Table(
    "reindexing",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("declarations", Text, nullable=False),
    Column("after_type", _NAME, nullable=False, server_default=""),
    Column("after_id", _NAME, nullable=False, server_default=""),
    Column("done", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("id", name="one_row"),
)
