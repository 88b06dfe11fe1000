"""Blocks of findings: summed up once, again where one changes, each wearer's apart."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.ecg import StripFinding
from core.holter.strip import digest
from core.holter.summary import Holter, holter
from store import digests, findings, reports, wearing
from store.database import Database
from tests.core.holter.samples import STARTED_AT, session
from tests.fhir.clinic import Clinic, open_clinic
from tests.fhir.samples import DEVICE, PATIENT

STRIPS = 2 * digests.BLOCK_STRIPS + 60


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database, chunks=8)


async def published(clinic: Clinic, found: list[StripFinding]) -> None:
    """What analysis and publisher leave."""
    async with clinic.database.transaction() as tx:
        await findings.upsert(tx, [(clinic.row, finding) for finding in found])
        done = [(clinic.row, finding.strip_index) for finding in found]
        await findings.mark_published(tx, done)
        await reports.mark_stale(tx, done)


async def told(clinic: Clinic, *, keep: bool = True) -> dict[str | None, Holter]:
    async with clinic.database.transaction() as tx:
        return dict(await digests.summaries(tx, clinic.row, keep=keep))


async def kept(clinic: Clinic, level: int = 0) -> list[int]:
    async with clinic.database.transaction() as tx:
        found = text("SELECT number FROM digest WHERE level = :level ORDER BY number")
        return [row[0] for row in await tx.execute(found, {"level": level})]


def close(one: Holter, other: Holter) -> None:
    """The same figures, but for the order in which floats were added."""
    assert one.sums.beats == other.sums.beats
    assert one.rr == other.rr
    assert one.episodes == pytest.approx(other.episodes) or [
        (e.kind, e.count, e.longest, e.fastest) for e in one.episodes
    ] == [(e.kind, e.count, e.longest, e.fastest) for e in other.episodes]
    assert one.variability is not None
    assert other.variability is not None
    assert one.variability.sdnn_ms == pytest.approx(other.variability.sdnn_ms)


async def test_kept_blocks_tell_the_same(clinic: Clinic) -> None:
    found = session(STRIPS)
    await published(clinic, found)
    whole = holter(digest(found), 8)
    assert await kept(clinic) == []
    close((await told(clinic, keep=False))[PATIENT], whole)
    assert await kept(clinic) == []
    first = (await told(clinic))[PATIENT]
    assert await kept(clinic) == [0, 1, 2]
    again = (await told(clinic))[PATIENT]
    assert again == first
    close(again, whole)


async def test_a_changed_finding_is_taken_in(clinic: Clinic) -> None:
    found = session(STRIPS)
    await published(clinic, found)
    await told(clinic)
    last = digests.BLOCK_STRIPS - 1
    found[last] = replace(found[last], beats=found[last].beats[:-1])
    await published(clinic, [found[last]])
    # The block's last strip: its beat also bounds the first interval of the next.
    assert await kept(clinic) == [2]
    close((await told(clinic))[PATIENT], holter(digest(found), 8))


async def test_chapters_tell_the_same(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "BLOCK_STRIPS", 16)
    monkeypatch.setattr(digests, "CHAPTER_BLOCKS", 4)
    found = session(300)
    whole = holter(digest(found), 8)
    await published(clinic, found[:200])
    await told(clinic)
    await published(clinic, found[200:])
    close((await told(clinic))[PATIENT], whole)
    assert await kept(clinic, level=1) == [0, 1, 2, 3]
    again = (await told(clinic))[PATIENT]
    close(again, whole)
    found[70] = replace(found[70], beats=found[70].beats[1:])
    await published(clinic, [found[70]])
    assert await kept(clinic, level=1) == [0, 2, 3]
    close((await told(clinic))[PATIENT], holter(digest(found), 8))


async def test_what_is_not_published_is_not_told(clinic: Clinic) -> None:
    found = session(5)
    await published(clinic, found[:3])
    async with clinic.database.transaction() as tx:
        await findings.upsert(tx, [(clinic.row, finding) for finding in found[3:]])
    assert (await told(clinic))[PATIENT].totals.strips == 3


async def test_wearers_are_told_apart(clinic: Clinic) -> None:
    await published(clinic, session(40))
    assert list(await told(clinic)) == [PATIENT]
    async with clinic.database.transaction() as tx:
        await wearing.put_on(tx, DEVICE, "somebody-else", STARTED_AT + timedelta(seconds=120))
    parts = await told(clinic)
    assert parts.keys() == {PATIENT, "somebody-else"}
    assert sum(part.totals.strips for part in parts.values()) == 40
    assert parts[PATIENT].totals.ended_at <= parts["somebody-else"].totals.started_at


async def test_another_format_is_summed_up_anew(clinic: Clinic) -> None:
    found = session(20)
    await published(clinic, found)
    await told(clinic)
    await clinic.execute("UPDATE digest SET format = 'of before', body = 'not even JSON'")
    assert (await told(clinic))[PATIENT].totals.strips == 20


async def test_a_session_without_findings(clinic: Clinic) -> None:
    assert await told(clinic) == {}
