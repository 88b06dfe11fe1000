"""The analysis worker: claims sessions with new chunks, analyses them, writes what it found.

One turn is one transaction: claim, read, compute, and then findings, alerts, gaps and cursors
together. A crash anywhere repeats the turn as if it had never been; any number of workers may
run, for a claim passes over what another holds.
"""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from analysis.classifier import Classifier
from analysis.drift import Monitor
from analysis.rhythm.delineation import load
from analysis.work.plan import Plan, find_start, make_plan
from analysis.work.postponed import Postponed
from analysis.work.remembered import Remembered
from analysis.work.turn import Done, Result, Stale, analyse
from core.alerts import AlertKind, Priority
from core.chunk import SessionCipher
from core.ecg import SessionKey
from core.errors import HisbundleError, Unavailable
from core.keyring import KeyRing
from core.limits import Wearer
from store import alerts, chunks, findings, limits, sessions, technical
from store.database import Database, Transaction
from store.sessions import Claim, Progress
from store.technical import Condition

LISTEN, TELL = "chunk", "finding"
RETRY_MIN_S, RETRY_MAX_S = 0.1, 5.0
ADOPT_EVERY_S = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, and how long to wait: the analysis settings."""

    batch_sessions: int = 64
    batch_chunks: int = 160
    poll_s: float = 1.0
    gap_wait_s: float = 30.0
    session_idle_s: float = 300.0
    # So many chunks of a running strip wait at most. At 1 a worker collects when it is behind, and
    # not before: at 2 half of what is told mid-strip, as asystole, waits a chunk (1.5 s) longer.
    collect_chunks: int = 1
    linger_s: float = 2.0  # longer than a chunk lasts, so that a running session can collect


class AnalysisWorker:
    """Analyses whatever ingest has committed, session by session, many at a time.

    ``reserve`` is asked while ``classifier`` is Unavailable.
    """

    def __init__(
        self,
        database: Database,
        keyring: KeyRing,
        classifier: Classifier,
        pace: Pace | None = None,
        reserve: Classifier | None = None,
        drift: Monitor | None = None,
    ) -> None:
        self._database, self._keyring, self._classifier = database, keyring, classifier
        self._pace, self._reserve, self._drift = pace or Pace(), reserve, drift
        self._postponed, self._remembered = Postponed(), Remembered()
        self._one_by_one = 0
        self._adopt_at_s = 0.0
        self._loads = threading.Thread(target=load, name="delineation", daemon=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; while the database is away, wait for it."""
        wake = self._database.listen(LISTEN)
        stopped = asyncio.create_task(stop.wait())
        retry_s = RETRY_MIN_S
        try:
            while not stop.is_set():
                try:
                    busy, retry_s = await self.turn(), RETRY_MIN_S
                except Exception as error:
                    # Nothing but ``stop`` ends a worker: a patient would be left unwatched.
                    away = isinstance(error, Unavailable)
                    log.error(
                        "analysis.waits", error=str(error), exc_info=not away, retry_s=retry_s
                    )
                    await asyncio.wait({stopped}, timeout=retry_s)
                    busy, retry_s = True, min(2 * retry_s, RETRY_MAX_S)
                if not busy:
                    called = asyncio.create_task(wake.wait(self._pace.poll_s))
                    await asyncio.wait({called, stopped}, return_when=asyncio.FIRST_COMPLETED)
                    called.cancel()
        finally:
            stopped.cancel()

    async def turn(self) -> bool:
        """One transaction's work; whether anything moved.

        Raises Unavailable while the database is away, or what kept it from claiming anything.
        """
        claims: list[Claim] = []
        done: list[tuple[int, Done]] = []
        try:
            async with self._database.transaction() as tx:
                moved = await self._work(tx, claims, done)
        except Exception as error:
            if isinstance(error, Unavailable) or not claims:
                raise
            self._isolate(claims)
            return True
        for row, part in done:
            self._remembered.keep(row, part.state, part.pipeline)
        return moved

    def _isolate(self, claims: Sequence[Claim]) -> None:
        """After a turn that failed as a whole: go one by one, and put the culprit off."""
        if len(claims) == 1:
            retry_s = self._postponed.failed(claims[0].session.row)
            log.exception("analysis.failed", **_named(claims[0].session), retry_s=retry_s)
        else:
            log.exception("analysis.turn_failed", sessions=len(claims))
            self._one_by_one = len(claims)

    async def _work(
        self, tx: Transaction, claims: list[Claim], done: list[tuple[int, Done]]
    ) -> bool:
        """Fills ``claims`` and ``done`` (by session row); whether anything moved, or may."""
        limit = 1 if self._one_by_one else self._pace.batch_sessions
        self._one_by_one = max(0, self._one_by_one - 1)
        claims += await sessions.claim(
            tx,
            limit,
            self._pace.session_idle_s,
            self._postponed.rows(),
            self._pace.linger_s,
            self._pace.collect_chunks,
        )
        if not claims:
            return await self._adopt(tx)
        if self._loads.ident is None:  # a session's first strip is complete some seconds from now
            self._loads.start()
        limited = {claim.session.device_id for claim in claims if claim.has_limits}
        worn = await limits.of_devices(tx, limited, claims[0].now)
        plans = await self._plans(tx, claims, worn)
        opened = [plan.claim.session.row for plan in plans if plan.claim.key_failed]
        await technical.clear(tx, opened, AlertKind.KEY_FAILURE, claims[0].now)
        works = [plan.work for plan in plans]
        results = await asyncio.to_thread(
            analyse,
            works,
            self._classifier,
            reserve=self._reserve,
            drift=self._drift,
            remembered=self._remembered,
        )
        pairs = list(zip(plans, results, strict=True))
        moved = await self._write(tx, pairs)
        done += [(p.claim.session.row, r) for p, r in pairs if isinstance(r, Done)]
        return moved or len(claims) == limit  # behind a full batch there may be more

    async def _adopt(self, tx: Transaction) -> bool:
        """Now and then, give a cursor to sessions that ingest left without; whether it did."""
        now_s = time.monotonic()
        if now_s < self._adopt_at_s:
            return False
        self._adopt_at_s = now_s + ADOPT_EVERY_S
        return await sessions.adopt(tx) > 0

    async def _plans(
        self, tx: Transaction, claims: Sequence[Claim], worn: Mapping[UUID, tuple[Wearer, ...]]
    ) -> list[Plan]:
        """What there is to do for those sessions that need not wait."""
        pace, plans = self._pace, list[Plan]()
        asked = [(claim, await self._cipher(tx, claim)) for claim in claims]
        opened = [(claim, cipher) for claim, cipher in asked if cipher is not None]
        starts = [await find_start(tx, claim, pace.gap_wait_s) for claim, _ in opened]
        rows = [claim.session.row for claim, _ in opened]
        wanted = {row: start.next_seq for row, start in zip(rows, starts, strict=True)}
        stored = await chunks.read_many(tx, wanted, pace.batch_chunks + 1)
        for row, start, (claim, cipher) in zip(rows, starts, opened, strict=True):
            wearers = worn.get(claim.session.device_id, ())
            has = claim, start, stored[row], cipher
            plan = make_plan(*has, pace.batch_chunks, pace.gap_wait_s, wearers)
            if plan is None:
                self._postponed.wait(row, pace.poll_s)
            else:
                plans.append(plan)
        return plans

    async def _cipher(self, tx: Transaction, claim: Claim) -> SessionCipher | None:
        """What opens a session's chunks, None (and it is told) where the key cannot be had."""
        session = claim.session
        try:
            keys = await self._keyring.session(
                session.device_id, session.key_epoch, session.session_id
            )
        except HisbundleError as error:
            retry_s = self._postponed.failed(session.row)
            log.error("analysis.no_key", **_named(session), error=str(error), retry_s=retry_s)
            why = Condition(claim.now, Priority.MEDIUM, f"the key cannot be had: {error}")
            await technical.raise_once(tx, [session.row], AlertKind.KEY_FAILURE, why)
            await self._database.notify(tx, TELL)
            return None
        return keys.cipher

    async def _write(self, tx: Transaction, done: list[tuple[Plan, Result]]) -> bool:
        found, changed, moved = [], [], []
        for plan, result in done:
            row = plan.claim.session.row
            if isinstance(result, Exception):
                retry_s = self._postponed.failed(row)
                name = _named(plan.claim.session)
                log.error("analysis.failed", **name, retry_s=retry_s, exc_info=result)
                continue
            self._postponed.worked(row)
            moved.append(await _settle(tx, plan, result))
            if isinstance(result, Done):
                found += [(row, finding) for finding in result.outcome.findings]
                # What the session's end closed is open again as the session goes on.
                again = result.begun_with if plan.claim.ended else ()
                changed += [(row, alert) for alert in (*again, *result.outcome.alerts)]
        await findings.upsert(tx, found)
        await alerts.upsert(tx, changed)
        await sessions.save(tx, moved)
        if found or changed:
            await self._database.notify(tx, TELL)
        return bool(moved)


async def _settle(tx: Transaction, plan: Plan, result: Done | Stale) -> Progress:
    """Write the gaps of a session; where its cursor goes."""
    row, analysed = plan.claim.session.row, plan.claim.analysed
    if isinstance(result, Stale):
        await sessions.drop_gaps(tx, row, 0)
        await alerts.rewind(tx, row, 0, ())
        return Progress(row, 0, 0, None, ended=False)
    if plan.back_to is not None:
        analysed = await sessions.drop_gaps(tx, row, plan.back_to.first_seq)
        await alerts.rewind(tx, row, result.begun_at_strip, result.begun_with)
    if plan.lost is not None:
        await sessions.declare_gap(tx, row, plan.lost)
    analysed += len(plan.work.chunks)
    return Progress(row, result.next_seq, analysed, result.state, ended=plan.work.ends)


def _named(session: SessionKey) -> dict[str, str]:
    return {"device": str(session.device_id), "session": session.session_id.hex()}
