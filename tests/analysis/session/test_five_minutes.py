"""Variability of windows of five minutes: which strips tell it, and of which beats."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from analysis.rhythm.hrv import hrv
from analysis.session.five_minutes import FiveMinutes
from core.ecg import SAMPLES_PER_STRIP, Beat, BeatClass, Quality, StripFinding
from tests.analysis.chunks import Run, all_normal, chunks_of
from tests.analysis.synthetic import ecg, regular
from tests.fhir.samples import READABLE

RATE_HZ = 125.0
STRIPS = 56


def strips_of(at_s: list[float]) -> list[StripFinding]:
    """Findings with a normal beat at each time."""
    samples = [round(at * RATE_HZ) for at in at_s]
    return [
        replace(
            READABLE,
            strip_index=i,
            first_sample=i * SAMPLES_PER_STRIP,
            beats=tuple(
                Beat(at, 0.1, BeatClass.NORMAL) for at in samples if at // SAMPLES_PER_STRIP == i
            ),
        )
        for i in range(STRIPS)
    ]


def breathing() -> list[float]:
    """Beats of 11 min at some 75 a minute, with breath at 0.25 Hz in them."""
    at, times = 0.0, [0.0]
    while at < 670:
        at += 0.8 + 0.04 * np.sin(2 * np.pi * 0.25 * at)
        times.append(at)
    return times


def test_each_window_is_told_with_the_strip_that_ends_it() -> None:
    times, windows = breathing(), FiveMinutes()
    told = [(one.strip_index, windows.see(one)) for one in strips_of(times)]
    found = {index: seen for index, seen in told if seen is not None}
    assert list(found) == [25, 50]  # 300 s and 600 s in strips of 11.968 s
    second = [at for at in times if 300 <= at < 600]
    expected = hrv([round(at * RATE_HZ) / RATE_HZ for at in second], [True] * len(second))
    assert found[50] == expected
    assert expected is not None
    assert expected.hf_ms2 == pytest.approx(40**2 / 2, rel=0.2)
    assert len(windows.beats) < 100


def test_strips_that_cannot_be_trusted_do_not_count() -> None:
    strips = strips_of(breathing())
    strips[3] = replace(strips[3], n_missing=1)
    strips[4] = replace(strips[4], quality=Quality(0.1, False, ()))
    windows = FiveMinutes()
    (found,) = [seen for one in strips[:30] if (seen := windows.see(one)) is not None]
    assert 340 <= found.intervals <= 350  # of 375, two strips of 15 beats are left out
    for one in [*strips[30:45], *strips[52:]]:  # what ends the window was lost
        assert windows.see(one) is None


class Normal(Run):
    """Whose beats are all normal."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return all_normal(len(beats))


def test_restarts_change_no_digit() -> None:
    chunks = chunks_of(ecg(RATE_HZ, 320, regular(320, 0.9)))
    whole, stuttering = Normal().push(chunks).end(), Normal()
    for first in range(0, len(chunks), 21):
        stuttering.push(chunks[first : first + 21]).store_and_load().end()
    assert stuttering.strips == whole.strips
    (told,) = [strip for strip in whole.strips if strip.hrv is not None]
    assert told.hrv is not None
    assert told.hrv.intervals > 300
    assert told.hrv.hf_ms2 is not None  # the respiration of the times is at 0.25 Hz
