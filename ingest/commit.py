"""One transaction for one batch: the chunks, and the frames that are kept aside."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Unavailable
from ingest import metrics
from ingest.frames import DUPLICATE, STORED, Frame, Outcome, Refusal, refused
from ingest.judge import Refused, Verified
from store import chunks, quarantine
from store.away import is_misuse
from store.chunks import Fate, NewChunk
from store.custody import Custody
from store.database import Database

Judged = tuple[Frame, Verified | Refused]


@dataclass(frozen=True, slots=True)
class Committed:
    """The outcomes in the batch's order, and what is now held of each touched session."""

    outcomes: list[Outcome]
    custody: list[Custody]


async def commit(database: Database, batch: Sequence[Judged], keep_max: int) -> Committed:
    """Store what was verified, keep aside what was refused, ``keep_max`` frames per device.

    Idempotent for the chunks: after a lost answer the same batch may be committed again.
    Raises Unavailable while the database is away, or refuses us whatever we bring.
    """
    try:
        committed, dropped = await _commit(database, batch, keep_max)
    except Exception as error:
        if is_misuse(error):
            raise Unavailable(f"the database does not let us write: {error}") from error
        raise
    metrics.DROPPED.inc(dropped)
    return committed


async def _commit(
    database: Database, batch: Sequence[Judged], keep_max: int
) -> tuple[Committed, int]:
    new = [verdict.chunk for _, verdict in batch if isinstance(verdict, Verified)]
    async with database.transaction() as tx:
        appended = await chunks.append(tx, new) if new else chunks.Appended([], [])
        fates = iter(appended.fates)
        outcomes = [
            _outcome(next(fates), verdict.chunk)
            if isinstance(verdict, Verified)
            else refused(verdict.reason, verdict.detail)
            for _, verdict in batch
        ]
        aside = [
            _aside(frame, verdict, outcome)
            for (frame, verdict), outcome in zip(batch, outcomes, strict=True)
            if outcome.refusal is not None
        ]
        dropped = await quarantine.keep(tx, aside, keep_max)
    return Committed(outcomes, appended.custody), dropped


def _outcome(fate: Fate, chunk: NewChunk) -> Outcome:
    if fate is Fate.INSERTED:
        return STORED
    if fate is Fate.DUPLICATE:
        return DUPLICATE
    place = f"number {chunk.seq} of session {chunk.session_id.hex()}"
    if fate is Fate.CONFLICT:
        return refused(Refusal.CONFLICT, f"{place} is taken by other bytes")
    if fate is Fate.OTHER_EPOCH:
        return refused(Refusal.CONFLICT, f"{place}: the session began under another key epoch")
    return refused(Refusal.REVOKED, f"device or key epoch {chunk.key_epoch} is revoked")


def _aside(frame: Frame, verdict: Verified | Refused, outcome: Outcome) -> quarantine.Refused:
    reason = str(outcome.refusal)
    return quarantine.Refused(frame.topic, verdict.sender, reason, outcome.detail, frame.payload)
