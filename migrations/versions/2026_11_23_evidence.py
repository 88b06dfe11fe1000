"""Which resources are the service's own evidence, and which elements of it clients have set."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_23_evidence"
down_revision: str | None = "2026_11_23_search"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "resource",
        sa.Column("evidence", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "resource",
        sa.Column("clinical", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    # Until now only the service wrote these types; of Devices, analysis software is evidence.
    op.execute(
        "UPDATE resource r SET evidence = true"
        " WHERE r.type IN ('Observation', 'DiagnosticReport', 'Flag', 'DocumentReference')"
        " OR r.type = 'Device' AND EXISTS (SELECT FROM resource_token t"
        "  WHERE t.type = 'Device' AND t.id = r.id AND t.param = 'identifier'"
        "  AND 'https://hisbundle.org/fhir/sid/algorithm' = ANY (t.systems))"
    )


def downgrade() -> None:
    op.drop_column("resource", "clinical")
    op.drop_column("resource", "evidence")
