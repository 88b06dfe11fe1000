"""Terms of limits in the database: begun, ended, brought along with what is claimed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.alerts import AlertKind
from core.limits import Limits, Term, in_force
from store import limits, sessions, wearing
from store.database import Database
from store.worn import wearer
from tests.fhir.clinic import open_clinic
from tests.fhir.samples import DEVICE, PATIENT, READABLE, STARTED_AT

ALL = Limits(
    50.5, 120, 40, 140, 3.5, 0.8, frozenset({AlertKind.PAUSE}), "Goal/g/_history/1"
)  # fmt: skip
FEW = Limits(fast_per_min=100, source="Goal/g/_history/2")


def after(seconds: float) -> datetime:
    return STARTED_AT + timedelta(seconds=seconds)


async def test_terms_follow_each_other_and_are_kept(database: Database) -> None:
    async with database.transaction() as tx:
        await limits.begin(tx, "p", "g", 1, after(0), ALL)
        assert await limits.in_force(tx, "p") == "g"
        await limits.end(tx, ["g", "nobody"], after(5))
        assert await limits.in_force(tx, "p") is None
        await limits.begin(tx, "p", "g", 2, after(5), FEW)
        found = await limits.of_patients(tx, {"p", "q"})
    assert found == {"p": (Term(after(0), after(5), ALL), Term(after(5), None, FEW)), "q": ()}


async def test_two_at_once_are_impossible(database: Database) -> None:
    async with database.transaction() as tx:
        await limits.begin(tx, "p", "g", 1, after(0), ALL)
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            await limits.begin(tx, "p", "h", 1, after(0), ALL)


async def test_a_claim_brings_the_wearers_and_their_terms(database: Database) -> None:
    """Whose limits a strip is judged by is whose Observation it becomes, at any time."""
    clinic = await open_clinic(database)
    people = {PATIENT: Limits(source=PATIENT), "second": Limits(source="second"), "": Limits()}
    async with database.transaction() as tx:
        await wearing.take_off(tx, DEVICE, after(100))
        await wearing.put_on(tx, DEVICE, "second", after(150))
        await limits.begin(tx, PATIENT, "g", 1, after(-1e6), people[PATIENT])
        await limits.begin(tx, "second", "h", 1, after(-1e6), people["second"])
        (claim,) = await sessions.claim(tx, 10, 300.0)
        assert claim.session == clinic.key
        for seconds in (-9e5, -30, -5, 0, 50, 95, 100, 110, 145, 149, 151, 9e5):
            begin, end = after(seconds), after(seconds + 10)
            asked = text(f"SELECT {wearer(':device', ':begin', ':end')}")
            values = {"device": DEVICE, "begin": begin, "end": end}
            whose = (await tx.execute(asked, values)).scalar_one() or ""
            strip = replace(READABLE, started_at=begin, n_samples=1250)
            assert in_force(claim.wearers, strip) == people[whose], seconds


async def test_only_the_latest_are_brought(database: Database) -> None:
    await open_clinic(database)
    async with database.transaction() as tx:
        for number in range(limits.WEARERS_MAX + 2):
            await wearing.put_on(tx, DEVICE, f"p{number}", after(100 + number))
        for number in range(limits.TERMS_MAX + 2):
            await limits.end(tx, ["g"], after(number))
            await limits.begin(tx, "p9", "g", number, after(number), FEW)
        (claim,) = await sessions.claim(tx, 10, 300.0)
    assert len(claim.wearers) == limits.WEARERS_MAX
    assert claim.wearers[0].since is not None
    assert len(claim.wearers[-1].terms) == limits.TERMS_MAX
    assert claim.wearers[-1].terms[-1].until is None
