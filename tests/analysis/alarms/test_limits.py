"""Patients' limits under the policy: what opens by them, and what closes when they change."""

from dataclasses import replace

from analysis.alarms.assess import assess
from analysis.alarms.policy import AlertPolicy
from analysis.alarms.state import AlertState
from core.alerts import Alert, AlertKind
from core.ecg import Rate
from core.limits import POLICY as BOUNDS
from core.limits import UNLIMITED, Limits
from tests.fhir.samples import READABLE

POLICY = AlertPolicy()
LOW = Limits(fast_per_min=100, source="Goal/g/_history/1")


def test_the_policys_own_bounds_are_what_is_filled_in() -> None:
    row = POLICY.row
    assert Limits(
        row(AlertKind.BRADYCARDIA).above_per_min,
        row(AlertKind.TACHYCARDIA).above_per_min,
        row(AlertKind.EXTREME_BRADYCARDIA).above_per_min,
        row(AlertKind.EXTREME_TACHYCARDIA).above_per_min,
        row(AlertKind.PAUSE).lasting_s,
    ) == BOUNDS  # fmt: skip


def told(*strips: tuple[float, Limits]) -> list[Alert]:
    """What changes, of strips with a rate and limits each."""
    state, changed = AlertState(), list[Alert]()
    for number, (per_min, limits) in enumerate(strips):
        n_samples = READABLE.n_samples
        finding = replace(
            READABLE, strip_index=number, first_sample=number * n_samples, beats=(),
            rate=Rate(per_min, 60_000 / per_min, 500, 600, 9, 9),
        )  # fmt: skip
        state, alerts = assess(POLICY, state, finding, False, limits=limits)
        changed += alerts
    return changed


def test_a_limit_counts_from_the_next_strip() -> None:
    assert told((105, UNLIMITED), (105, UNLIMITED)) == []
    (alert,) = told((105, UNLIMITED), (105, LOW), (105, LOW))
    assert (alert.kind, alert.strip_index) == (AlertKind.TACHYCARDIA, 2)
    assert alert.evidence.endswith("limits Goal/g/_history/1)")


def test_what_new_limits_allow_is_over_beyond_the_hysteresis() -> None:
    """It closes 5/min below where it opens, by the limits in force then."""
    opening = [(105.0, LOW)] * 2
    for high, is_over in ((106, False), (109, False), (111, True), (120, True)):
        changed = told(*opening, (105, Limits(fast_per_min=high)))
        assert [alert.closed_at is not None for alert in changed] == [False, True][: 1 + is_over]


def test_what_is_switched_off_is_over() -> None:
    silent = Limits(fast_per_min=100, off=frozenset({AlertKind.TACHYCARDIA}))
    opened, closed = told((105, LOW), (105, LOW), (105, silent))
    assert opened.closed_at is None
    assert closed.closed_at is not None
