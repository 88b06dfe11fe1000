"""Reports of monitoring sessions, written anew when they are due."""

from collections.abc import Iterator
from datetime import UTC, datetime

from core.ecg import SessionTotals
from fhir.mapping.document import documents
from fhir.mapping.identity import Origin
from fhir.mapping.provenance import of_report
from fhir.mapping.report import report
from fhir.mapping.summary import summary
from fhir.publishing.revision import revised
from fhir.publishing.shelf import stored
from fhir.search.indexing import draft
from fhir.values import Json
from store import reports, resources
from store.database import Transaction
from store.reports import DueReport
from store.resources import Draft

BATCH = 16
"""Sessions per transaction."""


async def write_due(tx: Transaction, interval_s: float, quiet_s: float) -> int:
    """Write the reports that are due; how many sessions were looked at."""
    due = await reports.claim_due(tx, interval_s, quiet_s, BATCH)
    drafts = []
    for session in due:
        for patient_id, totals in await reports.totals(tx, session.session.row):
            drafts += await _revised(tx, session, patient_id, totals)
        await reports.settle(tx, session.session.row, ended=session.ended)
    if drafts:
        await resources.put_many(tx, drafts)
    return len(due)


async def _revised(
    tx: Transaction, due: DueReport, patient_id: str | None, totals: SessionTotals
) -> list[Draft]:
    """What is new, and where all of it comes from."""
    bodies = list(_bodies(due, patient_id, totals))
    found = [revised(body, await stored(tx, body)) for body in bodies]
    drafts = [draft(after) for after in found if after is not None]
    if drafts:
        origin = Origin(due.session.device_id, due.session.session_id, patient_id)
        drafts.append(draft(of_report(totals, origin, bodies, datetime.now(UTC))))
    return drafts


def _bodies(due: DueReport, patient_id: str | None, totals: SessionTotals) -> Iterator[Json]:
    """Summary and report, and once it has ended the files; a device's own where nobody wore it."""
    origin = Origin(due.session.device_id, due.session.session_id, patient_id)
    yield summary(totals, origin, ended=due.ended)
    now = datetime.now(UTC)
    told = report(totals, origin, now, ended=due.ended)
    yield told
    if due.ended:
        yield from documents(totals, origin, told["id"], now)
