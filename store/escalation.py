"""Escalation policies in force, and the care teams that they may be of."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alarms.policy import EscalationPolicy, from_json, to_json
from store.tables import escalation_policy as table

_TEAMS_MAX = 100
_TEAMS = text(
    "SELECT id FROM resource WHERE type = 'CareTeam' AND patient_id = :patient AND NOT deleted"
    " AND convert_from(body, 'UTF8')::jsonb ->> 'status' = 'active' LIMIT :limit"
)


async def policies(tx: AsyncConnection) -> list[EscalationPolicy]:
    """The policies in force, in their order."""
    rows = await tx.execute(select(table.c.body).order_by(table.c.number))
    return [from_json(body) for (body,) in rows]


async def set_policies(tx: AsyncConnection, wanted: Sequence[EscalationPolicy]) -> None:
    """Put these in force in place of all before; alarms that are open keep theirs."""
    await tx.execute(delete(table))
    if wanted:
        rows = [
            {"number": number, "name": policy.name, "body": to_json(policy)}
            for number, policy in enumerate(wanted)
        ]
        await tx.execute(insert(table), rows)


async def care_teams(tx: AsyncConnection, patient_id: str) -> frozenset[str]:
    """The ids of a patient's active CareTeams."""
    asked = {"patient": patient_id, "limit": _TEAMS_MAX}
    return frozenset(row[0] for row in await tx.execute(_TEAMS, asked))
