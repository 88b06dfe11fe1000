"""Limits in force: whose, and when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.alerts import TECHNICAL, AlertKind
from core.limits import ALWAYS_ON, POLICY, UNLIMITED, Limits, Term, Wearer, at, filled, in_force
from tests.fhir.samples import READABLE, STARTED_AT

ONE, OTHER = Limits(fast_per_min=100), Limits(fast_per_min=120)


def after(seconds: float) -> datetime:
    return STARTED_AT + timedelta(seconds=seconds)


TERMS = (Term(after(10), after(20), ONE), Term(after(30), None, OTHER))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(9.9, UNLIMITED), (10, ONE), (19.9, ONE), (20, UNLIMITED), (30, OTHER), (900, OTHER)],
)
def test_a_term_lasts_from_its_beginning_until_just_before_its_end(
    seconds: float, expected: Limits
) -> None:
    assert at(TERMS, after(seconds), synced=True) is expected


def test_a_clock_that_is_not_set_is_held_against_nothing() -> None:
    assert at(TERMS, after(-9e6), synced=False) is OTHER
    assert at(TERMS[:1], after(15), synced=False) is UNLIMITED


def test_limits_are_those_of_who_wore_the_device() -> None:
    mine, hers = (Term(after(-1e6), None, limits) for limits in (ONE, OTHER))
    wearers = (
        Wearer(after(-50), after(0), None, (mine,)),
        Wearer(after(5), None, after(0), (hers,)),
    )

    def of(seconds: float) -> Limits:
        return in_force(wearers, replace(READABLE, started_at=after(seconds)))

    # A strip is 11.968 s long; what seems older than the first wearer is theirs.
    assert [of(s) for s in (-9e5, -0.1, 0, 5, 99)] == [ONE, ONE, OTHER, OTHER, OTHER]
    assert in_force(wearers[1:], replace(READABLE, started_at=after(-5))) is UNLIMITED
    assert in_force(wearers[1:], replace(READABLE, started_at=after(-20))) is UNLIMITED
    assert in_force((), READABLE) is UNLIMITED


def test_what_is_not_set_is_filled_in() -> None:
    assert filled(UNLIMITED) == POLICY
    assert filled(ONE) == replace(POLICY, fast_per_min=100)


def test_what_says_that_nothing_is_monitored_is_never_off() -> None:
    assert TECHNICAL < ALWAYS_ON
    silent = Limits(off=frozenset(AlertKind))
    assert {kind for kind in AlertKind if silent.allows(kind)} == ALWAYS_ON
