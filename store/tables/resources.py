"""FHIR resources: current versions, history, and what they are found by."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.tables.base import metadata, time_column

# One row, one lock: whoever writes resources holds it until the commit, so that the order of
# ``meta.lastUpdated`` is the order in which versions become visible.
fhir_clock = Table(
    "fhir_clock",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    time_column("stamp"),
    CheckConstraint("id", name="one_row"),
)

_NAME = Text(collation="C")  # compared byte by byte: the same order in every database

# The current version of each FHIR resource: the JSON as it is sent, and what it sorts by.
resource = Table(
    "resource",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("id", _NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("last_updated"),
    Column("patient_id", _NAME, nullable=True),
    time_column("at"),
    time_column("until", nullable=True),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("render", JSONB, nullable=True),
    # What the service itself found: clients change only its clinical elements, named here.
    Column("evidence", Boolean, nullable=False, server_default=text("false")),
    Column("clinical", ARRAY(Text), nullable=False, server_default="{}"),
    # What it can be filtered by, as numbers (store.index): common values need no rows of their own.
    Column("filters", ARRAY(BigInteger), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("type", "id"),
    Index("resource_at_idx", "type", "at", "id"),
    Index("resource_patient_at_idx", "type", "patient_id", "at", "id"),
    Index("resource_last_updated_idx", "type", "last_updated", "id"),
    # What lasted long is rare and may begin far before a wanted time; see store.search_ranges.
    Index(
        "resource_long_idx",
        "type",
        "patient_id",
        "until",
        postgresql_where=text("until - at > interval '1 hour'"),
    ),
    Index(
        "resource_filters_idx",
        "filters",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 1024},  # kB that a search may have to read
    ),
)

# Superseded versions; with the current one they make the history.
resource_version = Table(
    "resource_version",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("id", _NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("last_updated"),
    Column("patient_id", _NAME, nullable=True),
    Column("deleted", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("render", JSONB, nullable=True),
    PrimaryKeyConstraint("type", "id", "version"),
    Index("resource_version_last_updated_idx", "type", "last_updated", "id"),
)

# What a current resource is found by: one row per value of a token, reference or string
# parameter that may lead a search. Patient and time stand here too, so that patient + code +
# date is one index range.
resource_token = Table(
    "resource_token",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("id", _NAME, nullable=False),
    Column("param", _NAME, nullable=False),
    Column("code", _NAME, nullable=False),
    Column("systems", ARRAY(_NAME), nullable=False),
    Column("patient_id", _NAME, nullable=True),
    time_column("at"),
    time_column("until", nullable=True),
    PrimaryKeyConstraint("type", "id", "param", "code"),
    Index("resource_token_code_idx", "type", "param", "code", "patient_id", "at", "id"),
    # As resource_long_idx, for searches that one code leads.
    Index(
        "resource_token_long_idx",
        "type",
        "param",
        "code",
        "patient_id",
        "until",
        postgresql_where=text("until - at > interval '1 hour'"),
    ),
)

# Times under date parameters but a type's first, and quantities. A resource may have several
# under one parameter: ``number`` counts them.
resource_range = Table(
    "resource_range",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("id", _NAME, nullable=False),
    Column("param", _NAME, nullable=False),
    Column("number", SmallInteger, nullable=False),
    time_column("low"),
    time_column("high"),
    PrimaryKeyConstraint("type", "id", "param", "number"),
    Index("resource_range_low_idx", "type", "param", "low", "id"),
    Index("resource_range_high_idx", "type", "param", "high", "id"),
)

resource_quantity = Table(
    "resource_quantity",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("id", _NAME, nullable=False),
    Column("param", _NAME, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("system", _NAME, nullable=False),
    Column("code", _NAME, nullable=False),
    Column("unit", _NAME, nullable=False),
    Column("low", Numeric, nullable=False),
    Column("high", Numeric, nullable=False),
    Column("patient_id", _NAME, nullable=True),
    PrimaryKeyConstraint("type", "id", "param", "number"),
    Index("resource_quantity_low_idx", "type", "param", "low", "id"),
    Index("resource_quantity_patient_idx", "type", "param", "patient_id", "low", "id"),
)

# Each text that a reader sees of a coded value, once: ``key`` finds the resources that have it
# among their filters.
resource_wording = Table(
    "resource_wording",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("param", _NAME, nullable=False),
    Column("text", _NAME, nullable=False),
    Column("key", BigInteger, nullable=False),
    PrimaryKeyConstraint("type", "param", "text"),
)

# Which concepts each patient has values of at all, so that the latest of each is found by a few
# looks at an index. A row is never taken away: one that holds no longer costs a look.
resource_concept = Table(
    "resource_concept",
    metadata,
    Column("type", _NAME, nullable=False),
    Column("patient_id", _NAME, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("param", _NAME, nullable=False),
    Column("codes", ARRAY(_NAME), nullable=False),
    Column("systems", ARRAY(_NAME), nullable=False),
    Column("filters", ARRAY(BigInteger), nullable=False),
    PrimaryKeyConstraint("type", "patient_id", "key"),
)
