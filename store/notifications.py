"""Messages to care teams: put out with what causes them, sent by whoever claims them."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Addressed

_ADD = text(
    "INSERT INTO notification"
    " (alarm, patient_id, event, level, round, channel, address, message)"
    " VALUES (:alarm, :patient_id, :event, :level, :round, :channel, :address,"
    " CAST(:message AS jsonb)) ON CONFLICT DO NOTHING"
)


async def put_out(tx: AsyncConnection, messages: Sequence[Addressed]) -> None:
    """Put messages into the outbox; one that is there already stays as it is."""
    rows = [
        {
            "alarm": addressed.message.alarm,
            "patient_id": addressed.patient_id,
            "event": addressed.message.event.value,
            "level": addressed.level,
            "round": addressed.round,
            "channel": addressed.channel.value,
            "address": addressed.address,
            "message": orjson.dumps(asdict(addressed.message)).decode(),
        }
        for addressed in messages
    ]
    if rows:
        await tx.execute(_ADD, rows)
