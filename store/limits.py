"""Patients' alarm limits: terms that begin and end as the Goals that set them are written.

Who writes holds the FHIR clock (``store.resources.lock``), so that terms of a patient follow each
other. Terms are kept: what was in force when a strip was recorded is asked again for late chunks.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from core.alerts import AlertKind
from core.limits import Limits, Term, Wearer
from store.database import Transaction

Json = dict[str, Any]

WEARERS_MAX, TERMS_MAX = 8, 32
"""The latest ones of a device, and of each of its wearers, that signal is judged by."""

_TERMS = (
    "(SELECT jsonb_agg(jsonb_build_array(t.since, t.until, t.body)"  # noqa: S608 (constants)
    " ORDER BY t.since, t.version)"
    " FROM (SELECT * FROM patient_limits p WHERE p.patient_id = {patient}"
    f" ORDER BY p.since DESC, p.version DESC LIMIT {TERMS_MAX}) t)"
)
_BEGIN = text(
    "INSERT INTO patient_limits (goal, version, patient_id, body, since)"
    " VALUES (:goal, :version, :patient, CAST(:body AS jsonb), :since)"
)
_END = text("UPDATE patient_limits SET until = :until WHERE goal = ANY(:goals) AND until IS NULL")
_IN_FORCE = text("SELECT goal FROM patient_limits WHERE patient_id = :patient AND until IS NULL")
_OF_PATIENTS = text(
    f"SELECT a.id, {_TERMS.format(patient='a.id')}"  # noqa: S608 (constants)
    " FROM unnest(CAST(:patients AS text[])) AS a (id)"
)


def wearers(device: str) -> str:
    """The SQL expression of a device's wearers with their limits, for ``load_wearers``."""
    return (
        "(SELECT jsonb_agg(jsonb_build_array(CASE WHEN EXISTS (SELECT FROM wearing v"  # noqa: S608
        f" WHERE v.device_id = {device} AND v.since < w.since) THEN w.since END, w.until,"
        f" {_TERMS.format(patient='w.patient_id')}) ORDER BY w.since, w.id)"
        f" FROM (SELECT * FROM wearing u WHERE u.device_id = {device}"
        f" ORDER BY u.since DESC, u.id DESC LIMIT {WEARERS_MAX}) w)"
    )


def load_wearers(found: Any) -> tuple[Wearer, ...]:
    """What the expression of ``wearers`` gave, in order of time."""
    return tuple(
        Wearer(_moment(since), _moment(until), load_terms(terms))
        for since, until, terms in found or ()
    )


def load_terms(found: Any) -> tuple[Term, ...]:
    """The terms of one patient, in order of time."""
    return tuple(
        Term(datetime.fromisoformat(since), _moment(until), load(body))
        for since, until, body in found or ()
    )


async def of_patients(tx: Transaction, ids: Collection[str]) -> dict[str, tuple[Term, ...]]:
    """The terms of patients' limits by patient, in order of time."""
    rows = await tx.execute(_OF_PATIENTS, {"patients": sorted(ids)})
    return {id_: load_terms(terms) for id_, terms in rows}


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


def _moment(iso: str | None) -> datetime | None:
    return None if iso is None else datetime.fromisoformat(iso)
