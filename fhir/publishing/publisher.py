"""The publisher: unpublished findings and alerts -> resource versions, and session reports.

Each step is one transaction: what is claimed, written and marked as published is committed
together, so that a crash repeats a step and never half of it. Any number of publishers may run:
a claim skips what another holds. Locks are taken in one order: findings, reports, FHIR clock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from core.ecg import SessionKey
from core.errors import Unavailable
from core.limits import Term, at
from fhir.hl7v2.message import Letterhead
from fhir.mapping.device import algorithm
from fhir.mapping.identity import Origin
from fhir.mapping.provenance import of_strip
from fhir.publishing import reporter
from fhir.publishing.alarms import tell
from fhir.publishing.folding import fold
from fhir.publishing.publication import Publication, publications
from fhir.publishing.shelf import Piece, evidence, publish
from fhir.values import Json
from store import alerts, findings, limits, reports, resources
from store.alerts import UnpublishedAlert
from store.database import Database, Transaction
from store.findings import UnpublishedFinding

BATCH = 64
"""Findings per transaction: some 20 ms of mapping, in which nothing else runs."""
RETRY_S = 1.0
_TOLD_MAX = 10_000
Step = Callable[[Transaction], Awaitable[int]]
"""One transaction's work; how much that was."""

log = structlog.get_logger(__name__)


class Publisher:
    """Publishes what analysis has committed, and keeps the session reports up to date.

    ``report_interval_s`` is the new signal that a running session's report waits for;
    ``quiet_s`` how long nothing must have come for it not to wait; ``poll_s`` how long a lost
    wake-up call can delay anything. ``weights`` are the SHA-256 digests of models by their id.
    With a ``letterhead`` final reports go out as HL7 v2 too. ``base`` is the FHIR base URL that
    messages about alerts link to.
    """

    def __init__(
        self,
        database: Database,
        *,
        report_interval_s: float,
        quiet_s: float = 2.0,
        poll_s: float = 1.0,
        weights: Mapping[str, str] | None = None,
        letterhead: Letterhead | None = None,
        base: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._report_interval_s = report_interval_s
        self._quiet_s = quiet_s
        self._poll_s = poll_s
        self._weights = weights or {}
        self._letterhead = letterhead
        self._base = base
        self._now = now
        self._told: set[UUID] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish findings and reports until ``stop`` is set; while the database is away, wait."""
        await self._loop(stop, (self._publish_findings, self._write_reports))

    async def run_alerts(self, stop: asyncio.Event) -> None:
        """Publish alerts, in the same way: none waits until a batch of findings is mapped.

        In a process without ``run`` none waits for the interpreter either.
        """
        await self._loop(stop, (self._publish_alerts,))

    async def _loop(self, stop: asyncio.Event, steps: Sequence[Step]) -> None:
        wake = self._database.listen("finding")
        stopped = asyncio.create_task(stop.wait(), name="publisher-stop")
        try:
            while not stop.is_set():
                try:
                    if await self._all(steps):
                        continue
                    pause = wake.wait(self._poll_s)
                except Exception as error:
                    # Nothing but ``stop`` ends a publisher: the hospital would see nothing more.
                    away = isinstance(error, Unavailable)
                    log.error("publisher.waits", error=str(error), exc_info=not away)
                    pause = wake.wait(RETRY_S)
                paused = asyncio.create_task(pause, name="publisher-pause")
                await asyncio.wait({paused, stopped}, return_when=asyncio.FIRST_COMPLETED)
                paused.cancel()
        finally:
            stopped.cancel()

    async def turn(self) -> bool:
        """One transaction of each kind; whether there was anything to do."""
        steps = (self._publish_findings, self._publish_alerts, self._write_reports)
        return await self._all(steps)

    async def _all(self, steps: Sequence[Step]) -> bool:
        return any([await self._committed(step) for step in steps])

    async def _committed(self, step: Step) -> int:
        async with self._database.transaction() as tx:
            done = await step(tx)
            if done:
                await self._database.notify(tx, "resource")
        return done

    async def _publish_findings(self, tx: Transaction) -> int:
        claimed = await findings.unpublished(tx, BATCH)
        if not claimed:
            return 0
        done = [(item.session.row, item.finding.strip_index) for item in claimed]
        await findings.mark_published(tx, done)
        await reports.mark_stale(tx, done)
        patients = {item.patient_id for item in claimed if item.patient_id is not None}
        terms = await limits.of_patients(tx, patients, self._now())
        pieces = self._algorithms(claimed)
        for item in claimed:
            origin = _origin(item.session, item.patient_id)
            self._tell_if_not_worn(origin)
            pieces += await _strip(tx, item, origin, terms.get(item.patient_id or "", ()))
        await publish(tx, pieces)
        return len(claimed)

    async def _publish_alerts(self, tx: Transaction) -> int:
        claimed = await alerts.unpublished(tx, BATCH)
        if not claimed:
            return 0
        await resources.lock(tx)
        if await self._raised(tx, claimed):
            return len(claimed)
        # Whatever is in one patient's alert, it must not stop the others'; it is tried again.
        return sum([await self._raised(tx, [item]) for item in claimed])

    async def _raised(self, tx: Transaction, claimed: Sequence[UnpublishedAlert]) -> bool:
        """Whether alarms were made of alerts; if not, nothing has been done for any."""
        now = self._now()
        try:
            async with tx.begin_nested():
                done = [(i.session.row, i.alert.kind, i.alert.strip_index) for i in claimed]
                await alerts.mark_published(tx, done)
                steps = await fold(tx, claimed, now)
                # An alert may be told before its strip, and so before what found it.
                made_by = {item.alert.made_by for item in claimed if item.patient_id is not None}
                pieces = [self._algorithm(*software) for software in made_by if software]
                await publish(tx, pieces + await tell(tx, steps, now, self._base))
        except Exception:
            names = [f"{i.session.row}/{i.alert.kind}/{i.alert.strip_index}" for i in claimed]
            log.exception("publisher.alerts_not_told", alerts=names)
            return False
        return True

    async def _write_reports(self, tx: Transaction) -> int:
        return await reporter.write_due(
            tx, self._report_interval_s, self._quiet_s, self._letterhead
        )

    def _algorithms(self, claimed: Sequence[UnpublishedFinding]) -> list[Piece]:
        versions = {(item.finding.pipeline_version, item.finding.model_id) for item in claimed}
        return [self._algorithm(*version) for version in sorted(versions)]

    def _algorithm(self, pipeline: str, model: str) -> Piece:
        weights = self._weights.get(model)

        def after(fresh: Json, before: Json | None, _: tuple[str, ...]) -> Json | None:
            # Another process may have known the digest of an earlier model.
            return fresh if before is None or weights is not None else None

        return evidence(algorithm(pipeline, model, weights)), after

    def _tell_if_not_worn(self, origin: Origin) -> None:
        if origin.patient_id is None and origin.device_id not in self._told:
            if len(self._told) >= _TOLD_MAX:
                self._told.clear()
            self._told.add(origin.device_id)
            log.warning("publisher.device_not_worn", device=str(origin.device_id))


def _origin(session: SessionKey, patient_id: str | None) -> Origin:
    return Origin(session.device_id, session.session_id, patient_id)


async def _strip(
    tx: Transaction, item: UnpublishedFinding, origin: Origin, terms: Sequence[Term]
) -> list[Piece]:
    """The Observations of a finding, and where all that there are come from."""
    mapped = _mapped(item, origin, terms)
    pieces: list[Piece] = [(evidence(p.body, p.render), p.after) for p in mapped]
    there = [p.body for p in mapped if p.worthwhile or (item.amended and await _is_there(tx, p))]
    if there:
        source = evidence(of_strip(item.finding, origin, there, item.found_at))
        pieces.append((source, lambda fresh, *_: fresh))
    return pieces


async def _is_there(tx: Transaction, publication: Publication) -> bool:
    """Whether it has been published: only the holder of the finding's row does so."""
    body = publication.body
    return bool(await resources.present(tx, [(body["resourceType"], body["id"])]))


def _mapped(item: UnpublishedFinding, origin: Origin, terms: Sequence[Term]) -> list[Publication]:
    """The Observations of a finding; none, and loudly, if it is one that FHIR cannot tell."""
    try:
        own = at(terms, item.finding.started_at, synced=item.finding.clock_synced)
        return list(publications(item.finding, origin, item.session.row, own))
    except Exception:
        # Whatever is in one patient's finding, it must not stop the others'.
        name = origin.name("strip", item.finding.strip_index)
        log.exception("publisher.left_out", finding=name)
        return []
