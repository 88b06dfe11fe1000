"""Alarms of rhythms: what opens at which priority, what is told mid-strip, what is absorbed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms.assess import assess, assess_running, ended
from analysis.alarms.policy import ROWS, AlertPolicy
from analysis.alarms.state import AlertState, dump_state, load_state
from core.alerts import AlertKind, Priority
from core.ecg import Beat, BeatClass, Quality, RhythmKind, RhythmSpan, StripFinding
from core.limits import Limits

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = AlertPolicy()
STRIP = 1496
VT, RUN = AlertKind.VENTRICULAR_TACHYCARDIA, AlertKind.VENTRICULAR_RUN


def span(
    kind: RhythmKind, first: int, stop: int, beats: int = 0, *, sure: bool = True
) -> RhythmSpan:
    rate = 60 * 125 * beats / (stop - first) if beats else None
    return RhythmSpan(kind, first, stop, beats, rate, verified=sure)


def finding(strip: int, *rhythm: RhythmSpan, probability: float = 0.99) -> StripFinding:
    first = strip * STRIP
    beats = tuple(
        Beat(at, probability, BeatClass.VENTRICULAR) for at in range(first + 60, first + STRIP, 60)
    )
    return StripFinding(
        strip, first, STRIP, 0, BEGAN + timedelta(seconds=first / 125), True, 125.0,
        Quality(1.0, True, ()), None, None, beats, "net-1", "1", rhythm=rhythm,
    )  # fmt: skip


def told(found: list[tuple[StripFinding, bool]], limits: Limits | None = None) -> list[str]:
    state, happened = AlertState(), list[str]()
    for strip, final in found:
        limits = limits or Limits()
        if final:
            state, changed = assess(POLICY, state, strip, False, limits=limits)
        else:
            state, changed = assess_running(POLICY, state, [(strip, limits)])
        state = load_state(dump_state(state))
        happened += [
            f"{'-' if a.closed_at else '+'}{a.kind.value}:{a.priority.value}"
            for a in changed
            if a.kind is not AlertKind.ABNORMAL_BEATS
        ]
    return happened


VT_SPAN = span(RhythmKind.VENTRICULAR_TACHYCARDIA, 100, 460, 6)
RUN_SPAN = span(RhythmKind.VENTRICULAR_RUN, 100, 280, 3)


def test_one_event_rings_once_and_the_greater_takes_the_lesser_over() -> None:
    early, late = finding(0, RUN_SPAN), finding(0, RUN_SPAN, VT_SPAN)
    assert told([(early, False), (late, False), (late, True)]) == [
        "+ventricular-run:medium",
        "+ventricular-tachycardia:high",
        "-ventricular-run:medium",
    ]


def test_what_the_network_does_not_bear_out_rings_quietly_and_louder_once_it_does() -> None:
    doubted = finding(0, VT_SPAN, probability=0.2)
    assert told([(doubted, False)]) == ["+ventricular-tachycardia:low"]
    assert told([(doubted, False), (finding(0, VT_SPAN), True)]) == [
        "+ventricular-tachycardia:low",
        "+ventricular-tachycardia:high",
    ]


def test_a_slow_run_calls_nobody_until_it_is_fast() -> None:
    slow, fast = span(RUN_SPAN.kind, 100, 400, 3), RUN_SPAN
    assert told([(finding(0, slow), False), (finding(0, fast), True)]) == [
        "+ventricular-run:low",
        "+ventricular-run:medium",
    ]


def test_a_doubtful_run_does_not_silence_a_rate_that_nobody_doubts() -> None:
    doubted = span(RhythmKind.VENTRICULAR_TACHYCARDIA, 100, 1300, 27, sure=False)
    beats = tuple(Beat(at, 0.99, BeatClass.VENTRICULAR) for at in range(45, STRIP, 45))
    fast = replace(finding(0, doubted), beats=beats)
    assert told([(fast, True)]) == [
        "+ventricular-tachycardia:low",
        "+extreme-tachycardia:high",
    ]
    sure = replace(fast, rhythm=(replace(doubted, verified=True),))
    assert told([(sure, True)]) == ["+ventricular-tachycardia:high"]
    later = replace(
        finding(1, replace(sure.rhythm[0], first_sample=STRIP, stop_sample=STRIP + 1200)),
        beats=tuple(replace(beat, sample_index=beat.sample_index + STRIP) for beat in beats),
    )
    assert told([(fast, True), (later, True)])[2:] == [
        "+ventricular-tachycardia:high",
        "-extreme-tachycardia:high",
    ]


def test_an_unverified_standstill_always_rings_but_quietly() -> None:
    doubted = span(RhythmKind.ASYSTOLE, 100, 800, sure=False)
    off = Limits(off=frozenset(AlertKind))
    assert told([(finding(0, doubted), False)], off) == ["+asystole:low"]
    sure = span(RhythmKind.ASYSTOLE, 100, 800)
    both = finding(0, sure, span(RhythmKind.PAUSE, 100, 800))
    assert told([(both, False)]) == ["+asystole:high"]


def test_a_clinicians_limits_go_before_the_tables() -> None:
    pause = finding(0, span(RhythmKind.PAUSE, 100, 500))
    assert told([(pause, True)]) == ["+pause:medium"]
    assert told([(pause, True)], Limits(pause_s=3.5)) == []
    assert told([(pause, True)], Limits(off=frozenset({AlertKind.PAUSE}))) == []
    state, changed = assess(POLICY, AlertState(), pause, False, limits=Limits(source="Goal/1/2"))
    assert "limits Goal/1/2" in changed[0].evidence
    assert ended(changed[0], BEGAN).closed_at == changed[0].opened_at + timedelta(milliseconds=1)
    assert state.open == changed


def test_episodes_close_together_are_one_alert_with_its_count() -> None:
    again = finding(2, replace(RUN_SPAN, first_sample=3100, stop_sample=3280))
    quiet = [finding(strip, probability=0.1) for strip in (1, 3, 4, 5, 6, 7, 8)]
    found = [finding(0, RUN_SPAN), quiet[0], again, *quiet[1:]]
    assert told([(one, True) for one in found]) == [
        "+ventricular-run:medium",
        "-ventricular-run:medium",
    ]


@given(st.lists(st.sampled_from([VT_SPAN, RUN_SPAN, None]), max_size=12))
def test_no_condition_is_open_twice_and_every_alert_names_its_basis(
    rows: list[RhythmSpan | None],
) -> None:
    state = AlertState()
    for strip, row in enumerate(rows):
        moved = () if row is None else (
            replace(row, first_sample=row.first_sample + strip * STRIP,
                    stop_sample=row.stop_sample + strip * STRIP),
        )  # fmt: skip
        state, changed = assess(POLICY, state, finding(strip, *moved), False)
        kinds = [alert.kind for alert in state.open]
        assert len(kinds) == len(set(kinds))
        assert not {VT, RUN} <= set(kinds)
        for alert in changed:
            assert alert.basis is not None
            assert (alert.basis.model_id, alert.basis.policy_version) == ("net-1", POLICY.version)


def test_the_table_has_each_condition_once_and_never_silences_the_gravest() -> None:
    assert len({row.kind for row in ROWS}) == len(ROWS)
    for kind in (AlertKind.ASYSTOLE, AlertKind.VENTRICULAR_FIBRILLATION):
        row = POLICY.row(kind)
        assert (row.priority, row.doubted) == (Priority.HIGH, Priority.LOW)
