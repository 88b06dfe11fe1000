"""Beats of one shape bear a run out; beats of any shape do not."""

import numpy as np
import pytest

from analysis.rhythm.agreement import MOST_BEATS, Agreement
from analysis.rhythm.usual import Window
from core.ecg import RhythmKind, RhythmSpan

ONE, OTHER = np.sin(np.linspace(0, 6.28, 32)), np.cos(np.linspace(0, 6.28, 32))


def span(kind: RhythmKind, first: int, stop: int) -> RhythmSpan:
    return RhythmSpan(kind, first, stop, 5, 150.0, verified=True)


def seen(shapes: list[Window]) -> Agreement:
    agreement = Agreement()
    for beat, shape in enumerate(shapes):
        agreement.see(50 * beat, shape)
    return agreement


@pytest.mark.parametrize("kind", ["ventricular-run", "ventricular-tachycardia"])
def test_a_run_is_borne_out_by_beats_that_look_alike(kind: str) -> None:
    run = span(RhythmKind(kind), 0, 250)
    assert seen([ONE] * 5).bears_out(run)
    assert not seen([ONE, OTHER, ONE, OTHER, ONE]).bears_out(run)


def test_beats_outside_the_run_and_its_first_one_do_not_count() -> None:
    agreement = seen([OTHER, ONE, ONE, ONE, OTHER])
    assert agreement.bears_out(span(RhythmKind.VENTRICULAR_RUN, 50, 151))


def test_nothing_is_said_of_other_rhythms_nor_without_a_signal() -> None:
    assert seen([ONE, OTHER]).bears_out(span(RhythmKind.ATRIAL_FIBRILLATION, 0, 250))
    nothing = seen([np.empty(0)] * 5)
    assert nothing.bears_out(span(RhythmKind.VENTRICULAR_RUN, 0, 250))


def test_only_the_last_beats_are_remembered() -> None:
    agreement = seen([ONE] * (2 * MOST_BEATS))
    assert len(agreement.at) == len(agreement.alike) == MOST_BEATS
