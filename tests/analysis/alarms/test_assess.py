"""The alert policy, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from analysis.alarms.assess import assess
from analysis.alarms.policy import AlertPolicy
from analysis.alarms.state import AlertState
from core.alerts import Alert, AlertKind, Basis, Priority
from core.ecg import Beat, Quality, Rate, Spectrum, StripFinding

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = AlertPolicy()
N, A = 0.1, 0.9
Strip = tuple[float | None, list[float | None], bool, bool]
"""Heart rate, probabilities, readable, leads off for more than half."""


def finding(strip_index: int, strip: Strip) -> StripFinding:
    per_min, probabilities, readable, _ = strip
    rate = None if per_min is None else Rate(per_min, 60_000 / per_min, 1, 1, 1, 1)
    first = strip_index * 1496
    return StripFinding(
        strip_index=strip_index,
        first_sample=first,
        n_samples=1496,
        n_missing=0,
        started_at=BEGAN + timedelta(seconds=strip_index * 11.968),
        clock_synced=True,
        rate_hz=125.0,
        quality=Quality(1.0, readable, ()),
        rate=rate,
        spectrum=Spectrum(1.0, 1.0, 1.0, 1.0),
        beats=tuple(Beat(first + 125 * i, p) for i, p in enumerate(probabilities)),
        model_id="net-1",
        pipeline_version="1",
    )


def watch(strips: list[Strip]) -> list[tuple[str, AlertKind, int]]:
    """What happened: strip by strip, alerts that opened or closed."""
    state, happened = AlertState(), list[tuple[str, AlertKind, int]]()
    for i, strip in enumerate(strips):
        state, changed = assess(POLICY, state, finding(i, strip), strip[3])
        happened += [("closed" if a.closed_at else "opened", a.kind, i) for a in changed]
    return happened


def beats(*probabilities: float | None) -> Strip:
    return (70.0, list(probabilities), True, False)


def heart(per_min: float | None, *, readable: bool = True) -> Strip:
    return (per_min, [], readable, False)


OFF: Strip = (None, [], False, True)
ABNORMAL, TACHY, BRADY, LEADS = (
    AlertKind.ABNORMAL_BEATS,
    AlertKind.TACHYCARDIA,
    AlertKind.BRADYCARDIA,
    AlertKind.LEAD_OFF,
)


@pytest.mark.parametrize(
    ("strips", "happened"),
    [
        ([beats(*[A] * 7, *[N] * 3)], []),
        ([beats(*[A] * 8)], [("opened", ABNORMAL, 0)]),
        ([beats(*[A] * 4), beats(*[A] * 4)], [("opened", ABNORMAL, 1)]),
        ([beats(*[A, N] * 20)], []),
        ([beats(*[A] * 8), beats(*[N] * 7)], [("opened", ABNORMAL, 0)]),
        (
            [beats(*[A] * 8), beats(*[N] * 8)],
            [("opened", ABNORMAL, 0), ("closed", ABNORMAL, 1)],
        ),
        ([beats(*[None] * 12), beats(*[A] * 7)], []),
        ([(70.0, [A] * 12, False, False)], []),
        ([beats(*[A] * 8), beats(*[A] * 8)], [("opened", ABNORMAL, 0)]),
        ([heart(131), heart(131)], [("opened", TACHY, 1)]),
        ([heart(130), heart(130)], []),
        ([heart(140), heart(120), heart(140)], []),
        ([heart(140), heart(None), heart(140)], [("opened", TACHY, 2)]),
        ([heart(140), heart(20, readable=False), heart(140)], [("opened", TACHY, 2)]),
        ([heart(140), heart(140), heart(126)], [("opened", TACHY, 1)]),
        (
            [heart(140), heart(140), heart(126), heart(124)],
            [("opened", TACHY, 1), ("closed", TACHY, 3)],
        ),
        (
            [heart(44), heart(44), heart(49), heart(51)],
            [("opened", BRADY, 1), ("closed", BRADY, 3)],
        ),
        ([heart(45), heart(45)], []),
        ([OFF], [("opened", LEADS, 0)]),
        ([OFF, OFF], [("opened", LEADS, 0)]),
        ([OFF, heart(None, readable=False)], [("opened", LEADS, 0)]),
        ([OFF, heart(70)], [("opened", LEADS, 0)]),
        ([OFF, heart(70), heart(70)], [("opened", LEADS, 0), ("closed", LEADS, 2)]),
        ([OFF, heart(70)] * 20, [("opened", LEADS, 0)]),
    ],
)
def test_policy(strips: list[Strip], happened: list[tuple[str, AlertKind, int]]) -> None:
    assert watch(strips) == happened


def test_an_alert_opens_with_the_beat_that_completed_it_and_closes_under_its_key() -> None:
    state, opened = assess(POLICY, AlertState(), finding(3, beats(*[A] * 12)), False)
    at = BEGAN + timedelta(seconds=3 * 11.968 + 7)
    evidence = "8 of 10 successive beats with abnormal probability >= 0.5 (model net-1, policy 4)"
    first = 3 * 1496
    peaks = tuple(first + 125 * i for i in range(8))
    looked_to = first + 875 + 125 + 28  # up to the next beat's R peak, and its 220 ms
    basis = Basis(first + 875, looked_to, peaks, A, "net-1", "1", "4")
    assert opened == (Alert(ABNORMAL, at, None, 3, evidence, Priority.LOW, basis),)
    _, closed = assess(POLICY, state, finding(4, beats(*[N] * 12)), False)
    assert [(alert.opened_at, alert.strip_index) for alert in closed] == [(at, 3)]
    assert closed[0].closed_at == BEGAN + timedelta(seconds=5 * 11.968)


def test_the_models_own_threshold_counts() -> None:
    strip = finding(0, beats(*[0.6] * 10))
    assert assess(POLICY, AlertState(), strip, False)[1]
    strict = StripFinding(
        **{name: getattr(strip, name) for name in strip.__slots__} | {"abnormal_from": 0.7}
    )
    assert not assess(POLICY, AlertState(), strict, False)[1]
