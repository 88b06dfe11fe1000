"""What is to be done for a claimed session: go on, go back for late chunks, give up lost ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from analysis.work.turn import Work
from core.chunk import SessionCipher
from core.limits import Wearer
from store import chunks, sessions
from store.chunks import StoredChunk
from store.database import Transaction
from store.sessions import Claim, Gap


@dataclass(frozen=True, slots=True)
class Plan:
    """A claim and its work. ``lost`` is a gap that begins; ``back_to`` one that late chunks end."""

    claim: Claim
    work: Work
    lost: Gap | None
    back_to: Gap | None


async def make_plan(
    tx: Transaction,
    claim: Claim,
    cipher: SessionCipher,
    batch_chunks: int,
    gap_wait_s: float,
    wearers: tuple[Wearer, ...] = (),
) -> Plan | None:
    """Read up to ``batch_chunks`` chunks of a session; None if it has to wait for others.

    Chunks after a missing one are held back until the first of them is ``gap_wait_s`` old.
    ``wearers`` of the device have alarm limits.
    """
    back_to = None
    if claim.waiting and claim.has_gaps:
        back_to = await sessions.late_gap(tx, claim.session.row, gap_wait_s)
    next_seq, state = claim.next_seq, claim.state
    if back_to is not None:
        next_seq, state = back_to.first_seq, back_to.state
    stored = await chunks.read(tx, claim.session.row, next_seq, batch_chunks + 1)
    run, lost = _unbroken(stored)[:batch_chunks], None
    if run and run[0].seq > next_seq:
        oldest = min(chunk.received_at for chunk in stored)
        if (claim.now - oldest).total_seconds() < gap_wait_s:
            return None
        lost = Gap(next_seq, run[0].seq - 1, state)
    ends = not (claim.waiting or stored or claim.ended)
    if not run and not ends:
        return None
    last = len(run) == len(stored)
    work = Work(claim.session, cipher, state, run, last=last, ends=ends, wearers=wearers)
    return Plan(claim, work, lost, back_to)


def _unbroken(stored: Sequence[StoredChunk]) -> list[StoredChunk]:
    """The chunks up to the first missing number."""
    first = stored[0].seq if stored else 0
    counted = takewhile(lambda pair: pair[1].seq == first + pair[0], enumerate(stored))
    return [chunk for _, chunk in counted]
