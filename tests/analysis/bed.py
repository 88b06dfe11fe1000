"""A worker's surroundings: a database, a device that seals real chunks, a key ring."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from analysis.classifier import Classifier
from analysis.rhythm.intervals import load
from analysis.work.worker import AnalysisWorker, Pace
from core.alerts import Alert
from core.chunk import ChunkHeader, SessionCipher
from core.ecg import StripFinding
from core.keyring import KeyRing
from core.keys import KeyVault
from store import alerts, chunks, devices, findings
from store.chunks import NewChunk
from store.database import Database
from tests.analysis.chunks import Chunk, LengthClassifier
from tests.devices import Device, enrol_directly

load()  # seconds, which no test's clock is to count


class Bed:
    """One database, any number of devices and workers."""

    def __init__(self, database: Database, vault: KeyVault) -> None:
        self.database, self.vault = database, vault
        self.keys = KeyRing(vault, self._load, 100, 60.0)

    async def _load(self, device_id: UUID, epoch: int) -> bytes | None:
        async with self.database.transaction() as tx:
            return await devices.wrapped_key(tx, device_id, epoch)

    def worker(
        self,
        pace: Pace | None = None,
        classifier: Classifier | None = None,
        reserve: Classifier | None = None,
    ) -> AnalysisWorker:
        pace, classifier = pace or Pace(linger_s=0.0), classifier or LengthClassifier()
        return AnalysisWorker(self.database, self.keys, classifier, pace, reserve)

    async def device(self) -> Device:
        return await enrol_directly(self.database, self.vault, Device())

    async def send(self, device: Device, contents: Sequence[Chunk]) -> int:
        """Store chunks as ingest does; the session's row."""
        cipher = SessionCipher(device.key, device.id, device.epoch, device.session_id)
        batch = [
            NewChunk(
                device.id,
                device.epoch,
                device.session_id,
                seq,
                bytes(
                    cipher.seal(
                        ChunkHeader(device.id, device.epoch, device.session_id, seq), content
                    )
                ),
            )
            for seq, content in contents
        ]
        async with self.database.transaction() as tx:
            await chunks.append(tx, batch)
            found = await tx.execute(
                text("SELECT id FROM monitoring_session WHERE session_id = :id"),
                {"id": device.session_id},
            )
            row: int = found.scalar_one()
        return row

    async def analyse(self, worker: AnalysisWorker | None = None) -> None:
        """Turns until nothing moves any more."""
        worker = worker or self.worker()
        while await worker.turn():
            pass

    async def later(self, seconds: float) -> None:
        """Let time pass: everything so far came in so much earlier."""
        async with self.database.transaction() as tx:
            for table, column in (
                ("chunk", "received_at"),
                ("monitoring_session", "last_received_at"),
            ):
                await tx.execute(
                    text(
                        f"UPDATE {table} SET {column} = {column}"  # noqa: S608
                        f" - {seconds} * interval '1 second'"
                    )
                )

    async def findings(self, row: int) -> list[StripFinding]:
        async with self.database.transaction() as tx:
            return await findings.for_session(tx, row)

    async def alerts(self, row: int) -> list[Alert]:
        async with self.database.transaction() as tx:
            return await alerts.for_session(tx, row)

    async def publish(self) -> list[tuple[int, bool]]:
        """Take what is unpublished as published; strips, and whether they are amended."""
        async with self.database.transaction() as tx:
            claimed = await findings.unpublished(tx, 1000)
            keys = [(c.session.row, c.finding.strip_index) for c in claimed]
            await findings.mark_published(tx, keys)
            changed = await alerts.unpublished(tx, 1000)
            await alerts.mark_published(
                tx, [(c.session.row, c.alert.kind, c.alert.strip_index) for c in changed]
            )
        return [(c.finding.strip_index, c.amended) for c in claimed]

    async def value(self, query: str, row: int) -> object:
        """One value of a session's cursor or the like."""
        async with self.database.transaction() as tx:
            return (await tx.execute(text(query), {"row": row})).scalar_one_or_none()
