"""What is to be done for a claimed session: go on, go back for late chunks, give up lost ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from analysis.work.turn import Work
from core.chunk import SessionCipher
from core.limits import Wearer
from store import sessions
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


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on in a session, and with which state; ``back_to`` sends it back."""

    next_seq: int
    state: bytes | None
    back_to: Gap | None


async def find_start(tx: Transaction, claim: Claim, gap_wait_s: float) -> Start:
    """After what was analysed, or at the first gap that late chunks fill."""
    back_to = None
    if claim.waiting and claim.has_gaps:
        back_to = await sessions.late_gap(tx, claim.session.row, gap_wait_s)
    if back_to is not None:
        return Start(back_to.first_seq, back_to.state, back_to)
    return Start(claim.next_seq, claim.state, None)


def make_plan(
    claim: Claim,
    start: Start,
    stored: Sequence[StoredChunk],
    cipher: SessionCipher,
    batch_chunks: int,
    gap_wait_s: float,
    wearers: tuple[Wearer, ...] = (),
) -> Plan | None:
    """What to do with up to ``batch_chunks`` chunks; None if the session has to wait for others.

    ``stored`` are those from ``start`` on, one more than a batch if there are so many. Chunks
    after a missing one are held back until the first of them is ``gap_wait_s`` old. ``wearers``
    of the device have alarm limits.
    """
    run, lost = _unbroken(stored)[:batch_chunks], None
    if run and run[0].seq > start.next_seq:
        oldest = min(chunk.received_at for chunk in stored)
        if (claim.now - oldest).total_seconds() < gap_wait_s:
            return None
        lost = Gap(start.next_seq, run[0].seq - 1, start.state)
    ends = not (claim.waiting or stored or claim.ended)
    if not run and not ends:
        return None
    last = len(run) == len(stored)
    work = Work(claim.session, cipher, start.state, run, last=last, ends=ends, wearers=wearers)
    return Plan(claim, work, lost, start.back_to)


def _unbroken(stored: Sequence[StoredChunk]) -> list[StoredChunk]:
    """The chunks up to the first missing number."""
    first = stored[0].seq if stored else 0
    counted = takewhile(lambda pair: pair[1].seq == first + pair[0], enumerate(stored))
    return [chunk for _, chunk in counted]
