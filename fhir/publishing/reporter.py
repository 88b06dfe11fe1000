"""Reports of monitoring sessions, written anew when they are due."""

from collections.abc import Iterator
from datetime import UTC, datetime

from core.ecg import SessionTotals
from fhir.hl7v2.message import Letterhead
from fhir.mapping.document import documents
from fhir.mapping.identity import Origin
from fhir.mapping.report import report
from fhir.mapping.summary import summary
from fhir.publishing.outbox import put_out
from fhir.publishing.revision import revised
from fhir.publishing.shelf import stored
from fhir.search.indexing import draft
from fhir.values import Json
from store import reports, resources
from store.database import Transaction
from store.reports import DueReport

BATCH = 16
"""Sessions per transaction."""


async def write_due(
    tx: Transaction, interval_s: float, quiet_s: float, letterhead: Letterhead | None = None
) -> int:
    """Write the reports that are due; how many sessions were looked at.

    With a ``letterhead`` final ones are put out as HL7 v2 messages too.
    """
    due = await reports.claim_due(tx, interval_s, quiet_s, BATCH)
    drafts = []
    for session in due:
        for patient_id, totals in await reports.totals(tx, session.session.row):
            for body in _bodies(session, patient_id, totals):
                after = revised(body, await stored(tx, body))
                if after is not None:
                    drafts.append(draft(after))
        await reports.settle(tx, session.session.row, ended=session.ended)
    if drafts:
        written = await resources.put_many(tx, drafts)
        if letterhead is not None:
            await put_out(tx, written, letterhead)
    return len(due)


def _bodies(due: DueReport, patient_id: str | None, totals: SessionTotals) -> Iterator[Json]:
    """Summary and report, and once it has ended the files; a device's own where nobody wore it."""
    origin = Origin(due.session.device_id, due.session.session_id, patient_id)
    yield summary(totals, origin, ended=due.ended)
    now = datetime.now(UTC)
    told = report(totals, origin, now, ended=due.ended)
    yield told
    if due.ended:
        yield from documents(totals, origin, told["id"], now)
