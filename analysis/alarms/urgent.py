"""Whether a running strip is worth judging now: a cheap look at its beats, chunk by chunk.

It may say yes too often, for the strip is then read and judged by all the rules, and never no to
what they would ring for before the strip is whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.alarms.counts import EXTREMES, abnormal_row, rate_row
from analysis.alarms.policy import AlertPolicy
from analysis.alarms.state import AlertState
from analysis.rhythm.ectopy import RUN_BEATS
from core.alerts import AlertKind, Priority
from core.ecg import Beat, BeatClass
from core.limits import Limits


@dataclass(frozen=True, slots=True)
class New:
    """The beats of strips that the policy's state does not know yet.

    Those after sample ``since`` were not looked at before; ``in_a_row`` beats before all of them
    were ventricular. Beats are abnormal from P(abnormal) ``abnormal_from`` on.
    """

    beats: Sequence[Beat]
    since: int
    rate_hz: float
    abnormal_from: float
    in_a_row: int = 0


def is_urgent(policy: AlertPolicy, state: AlertState, new: New, limits: Limits) -> bool:
    """Whether a new beat may have completed a run, a count or a rate.

    What rings already, and at its loudest, is not urgent.
    """
    if _runs(state, new):
        return True
    if state.find(AlertKind.ABNORMAL_BEATS) is None and abnormal_row(
        policy, state, new.beats, new.abnormal_from, limits
    ):
        return True
    peaks = state.peaks, tuple(beat.sample_index for beat in new.beats)
    return any(
        rate_row(policy, kind, peaks, new.rate_hz, limits) is not None
        for kind in EXTREMES
        if state.find(kind) is None
    )


def _runs(state: AlertState, new: New) -> bool:
    open_ = state.find(AlertKind.VENTRICULAR_TACHYCARDIA)
    if open_ is not None and open_.alert.priority is Priority.HIGH:
        return False
    run = new.in_a_row
    for beat in new.beats:
        run = run + 1 if _may_be_ventricular(beat, new.abnormal_from) else 0
        if run >= RUN_BEATS and beat.sample_index > new.since:
            return True
    return False


def _may_be_ventricular(beat: Beat, abnormal_from: float) -> bool:
    if beat.beat_class is not None:
        return beat.beat_class is BeatClass.VENTRICULAR
    return beat.abnormal_probability is not None and beat.abnormal_probability >= abnormal_from
