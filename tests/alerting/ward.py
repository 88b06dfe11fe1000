"""A clinic with alarms: analysis' alerts in, publisher and escalation at a clock of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from alerting.escalation import Escalation
from core.alarms.policy import EscalationPolicy, Level, Recipient
from core.alerts import Alert, AlertKind, Priority
from core.ecg import SessionKey
from core.messages import ChannelKind
from fhir.publishing.publisher import Publisher
from fhir.values import Json
from store import alerts, escalation
from store.database import Database
from tests.conformance.checker import check
from tests.fhir.clinic import Clinic, open_clinic
from tests.fhir.samples import DEVICE, SESSION, STARTED_AT

BASE = "https://ecg.example/fhir"
NURSE = Recipient(ChannelKind.SNS, "arn:aws:sns:eu-central-1:1:ward3")
DOCTOR = Recipient(ChannelKind.EMAIL, "duty@example.org")
WARD = EscalationPolicy(
    "ward 3", levels=(Level(0, (NURSE,)), Level(60, (DOCTOR,))), repeat_s=120, repeats_max=1,
    realert_s=1800, expires_s=3600, quiet_s=300,
)  # fmt: skip
TACHYCARDIA = Alert(AlertKind.TACHYCARDIA, STARTED_AT, None, 0, "heart rate 141/min")


def later(alert: Alert, seconds: float, strip: int) -> Alert:
    """The same condition again, open."""
    at = alert.opened_at + timedelta(seconds=seconds)
    return replace(alert, opened_at=at, closed_at=None, strip_index=strip)


def closed(alert: Alert, lasted_s: float = 12.0) -> Alert:
    return replace(alert, closed_at=alert.opened_at + timedelta(seconds=lasted_s))


def withdrawn(alert: Alert) -> Alert:
    return replace(alert, closed_at=alert.opened_at)


@dataclass
class Ward:
    """One patient's session; ``now`` is the service's clock."""

    clinic: Clinic
    now: datetime = field(default=STARTED_AT + timedelta(seconds=2))

    @property
    def database(self) -> Database:
        return self.clinic.database

    def publisher(self) -> Publisher:
        return Publisher(self.database, report_interval_s=60, base=BASE, now=lambda: self.now)

    def escalation(self) -> Escalation:
        return Escalation(self.database, BASE, poll_s=0.05, now=lambda: self.now)

    async def put_in_force(self, *policies: EscalationPolicy) -> None:
        async with self.database.transaction() as tx:
            await escalation.set_policies(tx, policies)

    async def find(self, *found: Alert, session: int | None = None) -> None:
        """What analysis commits."""
        row = session or self.clinic.row
        async with self.database.transaction() as tx:
            await alerts.upsert(tx, [(row, alert) for alert in found])

    async def tell(self, *found: Alert, session: int | None = None) -> None:
        """What analysis commits, published."""
        await self.find(*found, session=session)
        while await self.publisher().turn():
            pass

    async def wait(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.now += timedelta(seconds=seconds)
        while await self.escalation().turn():
            pass

    async def second_session(self) -> SessionKey:
        """Another session of the same device and patient."""
        other = bytes(reversed(SESSION))
        async with self.database.transaction() as tx:
            row = await tx.execute(
                text(
                    "INSERT INTO monitoring_session (device_id, session_id, key_epoch, chunks)"
                    " VALUES (:device, :session, 1, 8) RETURNING id"
                ),
                {"device": DEVICE, "session": other},
            )
            key = SessionKey(row.scalar_one(), DEVICE, 1, other)
            await tx.execute(
                text("INSERT INTO analysis_cursor (session) VALUES (:session)"),
                {"session": key.row},
            )
        return key

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await tx.execute(text(query))]

    async def flag(self) -> Json:
        """The one Flag that there is."""
        (found,) = await self.clinic.all("Flag")
        assert check(found) == []
        return found

    async def tasks(self) -> list[Json]:
        found = await self.clinic.all("Task")
        assert all(check(task) == [] for task in found)
        return found

    async def messages(self) -> list[tuple[Any, ...]]:
        return await self.rows("SELECT event, level, round, address FROM notification ORDER BY id")

    async def states(self) -> list[tuple[str, str, int]]:
        """The Flag's versions, oldest first: status, state, count."""
        versions = await self.clinic.versions("Flag", (await self.flag())["id"])
        return [(v["status"], part(v, "state"), part(v, "count")) for v in reversed(versions)]

    async def events(self) -> list[str]:
        return [row[0] for row in await self.rows("SELECT event FROM alarm_event ORDER BY id")]


def part(flag: Json, name: str) -> Any:
    """A part of a Flag's extension; None if it is not there."""
    parts: Sequence[Json] = flag["extension"][2]["extension"]
    found = [next(v for k, v in p.items() if k != "url") for p in parts if p["url"] == name]
    return found[0] if found else None


async def open_ward(database: Database) -> Ward:
    return Ward(await open_clinic(database))


HIGH = replace(TACHYCARDIA, priority=Priority.HIGH)
