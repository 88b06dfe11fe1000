"""Every table, once: Alembic's target, read as a whole. Queries stand beside, by subject.

The road of one chunk: ``device`` -> ``monitoring_session`` -> ``chunk`` -> (``analysis_cursor``)
-> ``finding`` and ``alert`` -> ``resource``. Times are UTC.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def _time(name: str, *, nullable: bool = False, now: bool = False) -> Column[object]:
    default = text("now()") if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


device = Table(
    "device",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("status", Text, nullable=False, server_default="active"),
    Column("mqtt_password_sha256", LargeBinary, nullable=False),
    _time("enrolled_at", now=True),
    CheckConstraint("status IN ('active', 'revoked')", name="status"),
)

device_key = Table(
    "device_key",
    metadata,
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("status", Text, nullable=False, server_default="active"),
    _time("enrolled_at", now=True),
    PrimaryKeyConstraint("device_id", "epoch"),
    # A retired epoch still opens what was sealed under it; a revoked one opens nothing.
    CheckConstraint("status IN ('active', 'retired', 'revoked')", name="status"),
)

# Which patient wore a device, and when: a moved device never mixes two patients' records.
wearing = Table(
    "wearing",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("patient_id", Text, nullable=False),
    _time("since", now=True),
    _time("until", nullable=True),
    Index(None, "device_id", "since"),
)

# Secrets of the service itself (its enrolment key), wrapped like a device's key.
service_secret = Table(
    "service_secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    _time("created_at", now=True),
)

# Written by ingest only; analysis keeps its own row, so that neither waits for the other.
monitoring_session = Table(
    "monitoring_session",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    Column("session_id", LargeBinary, nullable=False),
    Column("key_epoch", BigInteger, nullable=False),
    Column("watermark", BigInteger, nullable=False, server_default="0"),
    Column("chunks", BigInteger, nullable=False, server_default="0"),
    _time("first_received_at", now=True),
    _time("last_received_at", now=True),
    UniqueConstraint("device_id", "session_id"),
)

# The sealed bytes as the device sent them; plaintext never comes to rest.
chunk = Table(
    "chunk",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("frame", LargeBinary, nullable=False),
    _time("received_at", now=True),
    PrimaryKeyConstraint("session", "seq"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _time("received_at", now=True),
    Column("topic", Text, nullable=False),
    Column("device_id", Uuid, nullable=True),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("frame", LargeBinary, nullable=False),
    Index(None, "device_id", "id"),
)

# How far analysis has come in a session, and the signal state at that point.
analysis_cursor = Table(
    "analysis_cursor",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), primary_key=True),
    Column("next_seq", BigInteger, nullable=False, server_default="0"),
    # Chunks taken in; less than monitoring_session.chunks while there is something to do.
    Column("analysed", BigInteger, nullable=False, server_default="0"),
    Column("state", LargeBinary, nullable=True),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    _time("updated_at", now=True),
)

# Chunks that did not come in time, and the state before them, so that a late chunk can be
# taken in by going back to there.
gap = Table(
    "gap",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=True),
    _time("declared_at", now=True),
    PrimaryKeyConstraint("session", "first_seq"),
)

finding = Table(
    "finding",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("strip_index", BigInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    _time("started_at"),
    _time("updated_at", now=True),
    Column("published", Boolean, nullable=False, server_default=text("false")),
    # Changed since it was last published: its resources become amended.
    Column("amended", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("session", "strip_index"),
    Index("finding_unpublished_idx", "session", postgresql_where=text("NOT published")),
)

alert = Table(
    "alert",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("strip_index", BigInteger, nullable=False),
    _time("opened_at"),
    _time("closed_at", nullable=True),
    Column("evidence", Text, nullable=False),
    Column("published", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("session", "kind", "strip_index"),
    Index("alert_unpublished_idx", "session", postgresql_where=text("NOT published")),
)

# When a session's report was last written, and over how many findings.
report = Table(
    "report",
    metadata,
    Column("session", ForeignKey("monitoring_session.id"), primary_key=True),
    Column("status", Text, nullable=False),
    Column("findings", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    _time("signal_until"),
    _time("updated_at", now=True),
)

# One row, one lock: whoever writes resources holds it until the commit, so that the order of
# ``meta.lastUpdated`` is the order in which versions become visible.
fhir_clock = Table(
    "fhir_clock",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    _time("stamp"),
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
    _time("last_updated"),
    Column("patient_id", _NAME, nullable=True),
    _time("at"),
    _time("until", nullable=True),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("render", JSONB, nullable=True),
    # What it can be filtered by, as numbers (store.index): common values need no rows of their own.
    Column("filters", ARRAY(BigInteger), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("type", "id"),
    Index("resource_at_idx", "type", "at", "id"),
    Index("resource_patient_at_idx", "type", "patient_id", "at", "id"),
    Index("resource_last_updated_idx", "type", "last_updated", "id"),
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
    _time("last_updated"),
    Column("patient_id", _NAME, nullable=True),
    Column("deleted", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("render", JSONB, nullable=True),
    PrimaryKeyConstraint("type", "id", "version"),
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
    _time("at"),
    _time("until", nullable=True),
    PrimaryKeyConstraint("type", "id", "param", "code"),
    Index("resource_token_code_idx", "type", "param", "code", "patient_id", "at", "id"),
    # What lasted long is rare and may begin far before a wanted time; see store.search_clauses.
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

# Who may ask for tokens: backend services, with their public keys or where these stand.
client = Table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("jwks", JSONB, nullable=True),
    Column("jwks_url", Text, nullable=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False, server_default="active"),
    _time("created_at", now=True),
    CheckConstraint("status IN ('active', 'disabled')", name="status"),
    CheckConstraint("(jwks IS NULL) <> (jwks_url IS NULL)", name="one_key_source"),
)

# Assertions that have been used, until they expire: each is good for one request.
client_assertion = Table(
    "client_assertion",
    metadata,
    Column("client_id", ForeignKey("client.id"), primary_key=True),
    Column("jti", Text, primary_key=True),
    _time("expires_at"),
    Index(None, "expires_at"),
)

# Access tokens that were revoked, until they would have expired anyway.
revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    _time("expires_at"),
)
