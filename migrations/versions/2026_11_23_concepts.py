"""Which concepts each patient has values of; filled from what is stored."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_23_concepts"
down_revision: str | None = "2026_11_23_hl7v2"
branch_labels: str | None = None
depends_on: str | None = None

_MDC = "urn:iso:std:iso:11073:10101"
_SAME = {"urn:oid:2.16.840.1.113883.6.24": _MDC}
_READABLE = r"position('\\u0000'::bytea IN r.body) = 0"  # jsonb holds no NUL
_TEXT_ALONE = sa.text(
    "INSERT INTO resource_token (type, id, param, code, systems, patient_id, at, until)"  # noqa: S608 (ours)
    " SELECT r.type, r.id, 'code:alone', CASE WHEN length(t.text) <= 500 THEN t.text"
    "  ELSE left(t.text, 100) || '…' || encode(sha256(convert_to(t.text, 'UTF8')), 'hex') END,"
    " ARRAY[''], r.patient_id, r.at, r.until FROM resource r"
    " CROSS JOIN LATERAL (SELECT convert_from(r.body, 'UTF8')::jsonb #>> '{code,text}' AS text"
    "   OFFSET 0) AS t"
    " WHERE r.type = 'Observation' AND NOT r.deleted AND t.text IS NOT NULL"
    f" AND {_READABLE} AND NOT EXISTS"
    " (SELECT FROM resource_token c WHERE c.type = r.type AND c.id = r.id AND c.param = 'code')"
)
_CONCEPTS = sa.text(
    "SELECT DISTINCT r.patient_id, c.param, c.codes, c.systems,"  # noqa: S608 (ours)
    " jsonb_path_query_array(convert_from(r.body, 'UTF8')::jsonb, '$.category[*].coding[*]')"
    "  AS categories"
    " FROM resource r CROSS JOIN LATERAL (SELECT t.param,"
    "  array_agg(t.code ORDER BY t.code, s.system) AS codes,"
    "  array_agg(s.system ORDER BY t.code, s.system) AS systems"
    "  FROM resource_token t CROSS JOIN unnest(t.systems) AS s (system)"
    "  WHERE t.type = r.type AND t.id = r.id AND t.param IN ('code', 'code:alone')"
    "  GROUP BY t.param) AS c"
    " WHERE r.type = 'Observation' AND NOT r.deleted AND r.patient_id IS NOT NULL"
    f" AND {_READABLE}"
)


def upgrade() -> None:
    table = op.create_table(
        "resource_concept",
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("param", sa.Text(collation="C"), nullable=False),
        sa.Column("codes", sa.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("systems", sa.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("filters", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("type", "patient_id", "key", name=op.f("resource_concept_pkey")),
    )
    connection = op.get_bind()
    connection.execute(_TEXT_ALONE)
    rows = {(row["patient_id"], row["key"]): row for row in _rows(connection)}
    if rows:
        op.bulk_insert(table, list(rows.values()))


def downgrade() -> None:
    op.execute("DELETE FROM resource_token WHERE param = 'code:alone'")
    op.drop_table("resource_concept")


def _rows(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    for patient, param, codes, systems, categories in connection.execute(_CONCEPTS):
        filters = sorted({key for coding in categories for key in _filters(coding)})
        parts = [part for coding in zip(codes, systems, strict=True) for part in coding]
        told = ",".join(map(str, filters))
        yield {
            "type": "Observation",
            "patient_id": patient,
            "key": _key(param, "\x1f".join(parts), told),
            "param": param,
            "codes": codes,
            "systems": systems,
            "filters": filters,
        }


def _filters(coding: dict[str, str]) -> list[int]:
    if not isinstance(coding.get("code"), str):
        return []
    system, code = coding.get("system", ""), coding["code"]
    system = _SAME.get(system, system)
    values = ((code, None), (code, system), (None, system), (None, None))
    return [_key("category", *value) for value in values]


def _key(param: str, code: str | None = None, system: str | None = None) -> int:
    """As in store.index on the day of this revision."""
    asked = ["" if part is None else f"={part}" for part in (code, system)]
    return int.from_bytes(sha256("\0".join((param, *asked)).encode()).digest()[:8], signed=True)
