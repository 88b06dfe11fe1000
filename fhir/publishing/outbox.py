"""Reports put out as HL7 v2 messages, in the transaction that writes their version."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from core.errors import Gone, NotFound
from fhir.hl7v2.message import Letterhead, control_id, oru_r01
from fhir.mapping.identity import subject_id
from fhir.values import Json
from store import hl7v2, resources
from store.database import Transaction
from store.resources import Stored

TOLD = frozenset({"final", "amended", "corrected", "appended", "entered-in-error"})
"""A report of a running session is not sent: it changes every minute."""


async def put_out(tx: Transaction, written: Iterable[Stored], letterhead: Letterhead) -> int:
    """Put out the reports among what has just been written; how many there were."""
    count = 0
    for stored in written:
        if stored.type != "DiagnosticReport" or not stored.changed:
            continue
        report = await _stored(tx, stored.type, stored.id)
        if report.get("status") not in TOLD:
            continue
        message = await report_message(tx, report, letterhead, stored.version, stored.last_updated)
        stream = subject_id(report) or stored.id
        name = control_id(stored.id, stored.version)
        await hl7v2.add(tx, name, stored.id, stored.version, stream, message)
        count += 1
    return count


async def report_message(
    tx: Transaction, report: Json, letterhead: Letterhead, version: int, at: datetime
) -> str:
    """The message of a stored version, written ``at``; results and patient as they are now."""
    references = [str(result.get("reference", "")) for result in report.get("result", [])]
    observations = [await _stored(tx, "Observation", r.rpartition("/")[2]) for r in references]
    patient_id = subject_id(report)
    patient = await _stored(tx, "Patient", patient_id) if patient_id else {}
    return oru_r01(
        report,
        [observation for observation in observations if observation],
        patient or ({"id": patient_id} if patient_id else {}),
        letterhead,
        version=version,
        at=at,
    )


async def _stored(tx: Transaction, type_: str, id_: str) -> Json:
    try:
        body: Any = orjson.loads((await resources.read(tx, type_, id_)).body)
    except (NotFound, Gone):
        return {}
    return dict(body)
