"""Terms of limits in the database: begun, ended, brought along with what is claimed."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.alerts import AlertKind
from core.limits import UNLIMITED, Limits, Term, in_force
from store import limits, wearing
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
        found = await limits.of_patients(tx, {"p", "q"}, after(60))
        late = await limits.of_patients(tx, {"p"}, after(60) + limits.HORIZON)
    assert found == {"p": (Term(after(0), after(5), ALL), Term(after(5), None, FEW))}
    assert late == {"p": found["p"][1:]}


@given(
    st.builds(
        Limits,
        *(st.none() | st.floats(0, 300) for _ in range(6)),
        st.frozensets(st.sampled_from(AlertKind)),
        st.text(max_size=9),
    )
)
def test_limits_come_back_as_they_were(own: Limits) -> None:
    assert limits.load(orjson.loads(orjson.dumps(limits.dump(own)))) == own


async def test_two_at_once_are_impossible(database: Database) -> None:
    async with database.transaction() as tx:
        await limits.begin(tx, "p", "g", 1, after(0), ALL)
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            await limits.begin(tx, "p", "h", 1, after(0), ALL)


async def test_limits_are_those_of_whose_the_strip_becomes(database: Database) -> None:
    """At any time, and also beside wearers who have none."""
    await open_clinic(database)
    people = {name: Limits(source=name) for name in (PATIENT, "second", "fourth")}
    async with database.transaction() as tx:
        await wearing.take_off(tx, DEVICE, after(100))
        for name, since in (("second", 150), ("third", 200), ("fourth", 204)):
            await wearing.put_on(tx, DEVICE, name, after(since))
        for name, own in people.items():
            await limits.begin(tx, name, f"of-{name}", 1, after(-1e6), own)
        found = (await limits.of_devices(tx, {DEVICE, UUID(int=1)}, after(60)))[DEVICE]
        for seconds in (-9e5, -30, -5, 0, 50, 95, 100, 110, 145, 149, 195, 199, 201, 203, 204, 9e5):
            begin, end = after(seconds), after(seconds + 10)
            asked = text(f"SELECT {wearer(':device', ':begin', ':end')}")
            values = {"device": DEVICE, "begin": begin, "end": end}
            whose = (await tx.execute(asked, values)).scalar_one() or ""
            strip = replace(READABLE, started_at=begin, n_samples=1250)
            assert in_force(found, strip) == people.get(whose, UNLIMITED), seconds


async def test_only_the_latest_are_brought(database: Database) -> None:
    await open_clinic(database)
    async with database.transaction() as tx:
        await wearing.put_on(tx, DEVICE, "second", after(100))
        await limits.begin(tx, PATIENT, "h", 1, after(0), ALL)
        for number in range(limits.TERMS_MAX + 2):
            await limits.end(tx, ["g"], after(number))
            await limits.begin(tx, "second", "g", number, after(number), FEW)
        both = (await limits.of_devices(tx, {DEVICE}, after(60)))[DEVICE]
        late = (await limits.of_devices(tx, {DEVICE}, after(160) + limits.HORIZON))[DEVICE]
    assert [len(one.terms) for one in both] == [1, limits.TERMS_MAX]
    assert (both[1].previous_until, both[1].terms[-1].until) == (after(100), None)
    assert [len(one.terms) for one in late] == [1]  # what is over has been told long since
    assert late[0].since == after(100)
