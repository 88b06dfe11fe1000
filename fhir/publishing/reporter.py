"""Reports of monitoring sessions, written anew when they are due."""

from collections.abc import Iterator
from datetime import UTC, datetime

from core.holter.summary import Holter
from fhir.hl7v2.message import Letterhead
from fhir.mapping.document import documents
from fhir.mapping.episodes import episodes
from fhir.mapping.identity import Origin
from fhir.mapping.provenance import of_report
from fhir.mapping.report import report
from fhir.mapping.summary import summary
from fhir.publishing.outbox import put_out
from fhir.publishing.revision import revised
from fhir.publishing.shelf import Piece, evidence, lasting, publish
from fhir.values import Json
from store import digests, reports
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
    pieces: list[Piece] = []
    for session in due:
        for patient_id, found in await digests.summaries(tx, session.session.row, keep=True):
            pieces += _pieces(session, patient_id, found)
        await reports.settle(tx, session.session.row, ended=session.ended)
    # Last, because other writers of resources wait from here to the commit.
    written = await publish(tx, pieces)
    if letterhead is not None:
        await put_out(tx, written, letterhead)
    return len(due)


def _pieces(due: DueReport, patient_id: str | None, found: Holter) -> list[Piece]:
    """A session's report and what belongs to it, and where all of it comes from."""
    bodies = list(_bodies(due, patient_id, found))
    origin = Origin(due.session.device_id, due.session.session_id, patient_id)
    source = of_report(found.totals, origin, bodies, datetime.now(UTC))
    return [*((evidence(body), _after) for body in bodies), (evidence(source), lasting)]


def _after(fresh: Json, before: Json | None, clinical: tuple[str, ...]) -> Json | None:
    return revised(fresh, before, clinical=clinical)


def _bodies(due: DueReport, patient_id: str | None, found: Holter) -> Iterator[Json]:
    """Summary and report, and once it has ended the files; a device's own where nobody wore it."""
    origin = Origin(due.session.device_id, due.session.session_id, patient_id)
    yield summary(found, origin, ended=due.ended)
    if found.has_rhythm:
        yield episodes(found, origin, ended=due.ended)
    now = datetime.now(UTC)
    told = report(found, origin, now, ended=due.ended)
    yield told
    if due.ended:
        yield from documents(found.totals, origin, told["id"], now)
