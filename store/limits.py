"""Patients' alarm limits: terms that begin and end as the Goals that set them are written.

Who writes holds the FHIR clock (``store.resources.lock``), so that terms of a patient follow each
other. Terms are kept: what was in force when a strip was recorded is asked again for late chunks.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from core.alerts import AlertKind
from core.limits import Limits, Term, Wearer
from store.database import Transaction

Json = dict[str, Any]

TERMS_MAX = 32
"""The latest ones of a patient, by which signal is judged."""
HORIZON = timedelta(days=31)
"""How long what is over is looked up, for signal that comes late."""

_LATEST = (
    "SELECT p.since, p.until, p.body::text AS body, p.version FROM patient_limits p"  # noqa: S608 (ours)
    " WHERE p.patient_id = {patient} AND (p.until IS NULL OR p.until > :horizon)"
    f" ORDER BY p.since DESC, p.version DESC LIMIT {TERMS_MAX}"
)
# Few have limits of their own: for the others nothing is brought.
_OF_DEVICES = text(
    "SELECT w.device_id, w.since, w.until, (SELECT max(v.until) FROM wearing v"  # noqa: S608 (ours)
    "  WHERE v.device_id = w.device_id AND v.since < w.since), t.since, t.until, t.body"
    f" FROM wearing w CROSS JOIN LATERAL ({_LATEST.format(patient='w.patient_id')}) t"
    " WHERE w.device_id = ANY(CAST(:devices AS uuid[]))"
    " AND (w.until IS NULL OR w.until > :horizon)"
    " ORDER BY w.device_id, w.since, t.since, t.version"
)
_OF_PATIENTS = text(
    "SELECT a.id, t.since, t.until, t.body FROM unnest(CAST(:patients AS text[])) AS a (id)"  # noqa: S608 (ours)
    f" CROSS JOIN LATERAL ({_LATEST.format(patient='a.id')}) t ORDER BY a.id, t.since, t.version"
)
_BEGIN = text(
    "INSERT INTO patient_limits (goal, version, patient_id, body, since)"
    " VALUES (:goal, :version, :patient, CAST(:body AS jsonb), :since)"
)
_END = text("UPDATE patient_limits SET until = :until WHERE goal = ANY(:goals) AND until IS NULL")
_IN_FORCE = text("SELECT goal FROM patient_limits WHERE patient_id = :patient AND until IS NULL")


async def of_devices(
    tx: Transaction, devices: Collection[UUID], now: datetime
) -> dict[UUID, tuple[Wearer, ...]]:
    """By device, who wears or wore it and has limits, in order of time."""
    if not devices:
        return {}
    rows = await tx.execute(_OF_DEVICES, {"devices": list(devices), "horizon": now - HORIZON})
    found: dict[UUID, tuple[Wearer, ...]] = {}
    for (device, since, until, before), terms in groupby(rows, key=lambda row: row[:4]):
        own = tuple(_term(*row[4:]) for row in terms)
        found[device] = (*found.get(device, ()), Wearer(since, until, before, own))
    return found


async def of_patients(
    tx: Transaction, ids: Collection[str], now: datetime
) -> dict[str, tuple[Term, ...]]:
    """By patient, the terms of their limits in order of time; nothing for who has none."""
    rows = await tx.execute(_OF_PATIENTS, {"patients": sorted(ids), "horizon": now - HORIZON})
    by_patient = groupby(rows, key=lambda row: row[0])
    return {str(id_): tuple(_term(*row[1:]) for row in terms) for id_, terms in by_patient}


async def in_force(tx: Transaction, patient: str) -> str | None:
    """The id of the Goal that sets a patient's limits now, or None."""
    found: str | None = (await tx.execute(_IN_FORCE, {"patient": patient})).scalar_one_or_none()
    return found


async def begin(
    tx: Transaction, patient: str, goal: str, version: int, since: datetime, limits: Limits
) -> None:
    """Put limits in force; those of the patient so far have been ended."""
    body = orjson.dumps(dump(limits)).decode()
    told = {"goal": goal, "version": version, "patient": patient, "body": body, "since": since}
    await tx.execute(_BEGIN, told)


async def end(tx: Transaction, goals: Sequence[str], until: datetime) -> None:
    """End what Goals have put in force; those that have not change nothing."""
    await tx.execute(_END, {"goals": list(goals), "until": until})


def dump(limits: Limits) -> Json:
    """Limits as plain values; what is not set is left out."""
    told = {f.name: getattr(limits, f.name) for f in fields(limits)}
    told |= {"off": sorted(limits.off)}
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def load(body: Json) -> Limits:
    """What was dumped."""
    return Limits(**body | {"off": frozenset(AlertKind(kind) for kind in body.get("off", ()))})


@lru_cache(maxsize=4096)
def _loaded(body: str) -> Limits:
    """The same few are asked for at every turn."""
    return load(orjson.loads(body))


def _term(since: datetime, until: datetime | None, body: str) -> Term:
    return Term(since, until, _loaded(body))
