"""Beats held against their nearest, in the strip or before it."""

from itertools import pairwise

import numpy as np
import pytest

from analysis.signal.likeness import MEMORY_BEATS, BeatMemory, compare
from simulator.rhythm import Rhythm
from tests.analysis.chunks import rhythm_mv
from tests.analysis.stretches import stretch_of

N = 1496
SINUS = [stretch_of(rhythm_mv(Rhythm.SINUS, 12)[:N])]


def test_beats_of_one_heart_are_alike_and_noise_is_not() -> None:
    noise = [stretch_of(np.random.default_rng(1).normal(0, 0.3, N))]
    alike, unlike = compare(SINUS, BeatMemory()), compare(noise, BeatMemory())
    assert alike.likeness.min() > 0.95
    assert unlike.likeness.mean() < 0.6
    assert alike.power_mv2 == pytest.approx(float(np.median([0.03, 0.06, 0.09])), abs=0.05)


def test_a_lone_beat_of_another_shape_is_known_again_from_before() -> None:
    lonely = rhythm_mv(Rhythm.BIGEMINY, 24)[:N]
    peaks = stretch_of(lonely).peaks
    two = [stretch_of(lonely, peaks[:2])]
    memory = BeatMemory()
    assert compare(two, memory).likeness.tolist() == [0.0, 0.0]
    memory.learn(compare([stretch_of(lonely)], memory))
    assert compare(two, memory).likeness.min() > 0.95


def test_the_memory_is_bounded_and_comes_back_as_it_was() -> None:
    memory = BeatMemory()
    for _ in range(5):
        memory.learn(compare(SINUS, memory))
    assert len(memory.shapes) == MEMORY_BEATS
    again = BeatMemory.load(memory.dump())
    first, second = compare(SINUS, memory), compare(SINUS, again)
    assert (first.likeness == second.likeness).all()
    assert again.power_mv2 == memory.power_mv2 > 0
    assert sum(value.nbytes for value in (memory.shapes,)) < 6000


def test_windows_with_missing_samples_are_left_out() -> None:
    whole = SINUS[0]
    holed = stretch_of(rhythm_mv(Rhythm.SINUS, 12)[:N], whole.peaks, invalid=slice(300, 400))
    beats = compare([holed], BeatMemory())
    assert 0 < len(beats.spans) < len(whole.peaks)
    assert all(stop <= 300 or first >= 400 for _, first, stop in beats.spans)
    assert all(a[1] < b[1] for a, b in pairwise(beats.spans))
