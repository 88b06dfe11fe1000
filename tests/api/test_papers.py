"""Strips of a report: only what the report's wearer has worn is on them."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from api import papers, results
from api.report_choice import Choice
from api.strips import session_opener
from core.ecg import SAMPLES_PER_STRIP
from core.keyring import KeyRing
from core.local_vault import LocalVault
from export.paper.sheet import Excerpt
from fhir.access.grant import Grant
from fhir.access.scopes import Way
from store import wearing
from store.database import Database
from tests.api.exhibits import RATE_HZ, STARTED_AT, Exhibit, exhibit

FIRST = 1000
GRANTS = [Grant("DiagnosticReport", (Way(),))]


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault)


async def drawn(database: Database, keyring: KeyRing, shown: Exhibit, first: int) -> Excerpt | None:
    async with database.transaction() as tx:
        result = await results.find(tx, GRANTS, shown.report["id"])
        opener = await session_opener(tx, keyring, result.session)
        choice = Choice(first, "Pause", "2.5 s", (first + 250, first + 560))
        return await papers.excerpt_on_paper(tx, opener, result, choice, RATE_HZ)


async def test_a_strip_lies_anywhere(database: Database, keyring: KeyRing, shown: Exhibit) -> None:
    excerpt = await drawn(database, keyring, shown, FIRST)
    assert excerpt is not None
    strip = excerpt.strip
    assert excerpt.marked == (250, 560)
    assert strip.header.started_at == STARTED_AT + timedelta(seconds=FIRST / RATE_HZ)
    assert [mark.sample for mark in strip.beats] == list(range(50, 1250, 100))
    lost = range(9 * 187 - FIRST, 11 * 187 - FIRST)
    assert [(gap.start, gap.stop) for gap in strip.no_signal] == [(lost.start, lost.stop)]
    assert np.isfinite(np.delete(strip.mv, lost)).all()


async def test_another_wearer_s_signal_is_not_on_it(
    database: Database, keyring: KeyRing, shown: Exhibit
) -> None:
    async with database.transaction() as tx:
        other = STARTED_AT + timedelta(seconds=5)
        await wearing.put_on(tx, shown.device.id, "somebody-else", other)
    excerpt = await drawn(database, keyring, shown, FIRST)
    assert excerpt is not None
    own = SAMPLES_PER_STRIP - FIRST
    assert np.isnan(excerpt.strip.mv[own:]).all()
    assert np.isfinite(excerpt.strip.mv[:own]).all()
    assert max(mark.sample for mark in excerpt.strip.beats) < own
    assert await drawn(database, keyring, shown, 2 * SAMPLES_PER_STRIP) is None


async def test_a_clinician_s_words_stand_in_the_place_of_the_software_s(
    database: Database, keyring: KeyRing, shown: Exhibit
) -> None:
    async with database.transaction() as tx:
        result = await results.find(tx, GRANTS, shown.report["id"])
        own, _ = await papers.report_on_paper(tx, keyring, result)
        assert len(own.findings) == 4
        assert own.findings[1] == "Heart rate 76/min on average, from 75 to 77/min."
        words = {"conclusion": "Sinus rhythm.\nSeen by A. Smith."}
        theirs, _ = await papers.report_on_paper(
            tx, keyring, replace(result, body=result.body | words)
        )
    assert theirs.findings == ("Sinus rhythm.", "Seen by A. Smith.")
    assert theirs.tables == own.tables
