"""Quality: every arrhythmia readable, noise and faults not."""

import numpy as np
import numpy.typing as npt
import pytest

from analysis.session.segment import Stretch
from analysis.signal.faults import Counts
from analysis.signal.likeness import BeatMemory
from analysis.signal.quality import READABLE_SCORE, quality
from analysis.signal.seconds import Grid
from core.ecg import Quality, RefusalReason
from simulator.rhythm import Rhythm
from tests.analysis.chunks import rhythm_mv
from tests.analysis.stretches import RATE_HZ, stretch_of

N = 1496
WHOLE = Counts(N, N, 0)
TIME_S = np.arange(N) / RATE_HZ
RNG = np.random.default_rng(7)


def judged(stretches: list[Stretch], counts: Counts, memory: BeatMemory | None = None) -> Quality:
    """What is said of a strip at the start of a session, or after what ``memory`` is of."""
    return quality(stretches, counts, Grid(0, RATE_HZ), memory or BeatMemory())


@pytest.mark.parametrize("rhythm", [r for r in Rhythm if r not in (Rhythm.NOISE, Rhythm.LEAD_OFF)])
def test_arrhythmia_is_not_noise(rhythm: Rhythm) -> None:
    signal_mv = rhythm_mv(rhythm, 12)[:N]
    seen = judged([stretch_of(signal_mv)], WHOLE)
    assert seen.readable
    assert READABLE_SCORE < seen.score <= 1.0
    assert seen.reasons == ()


@pytest.mark.parametrize(
    "signal_mv",
    [
        RNG.normal(0, 0.3, N),
        np.cumsum(RNG.normal(0, 0.01, N)),
        rhythm_mv(Rhythm.NOISE, 12)[:N],
        0.5 * np.sin(2 * np.pi * 50 * TIME_S) + RNG.normal(0, 0.01, N),
        0.5 * np.sin(2 * np.pi * 0.3 * TIME_S),
    ],
    ids=["electronic", "drift", "motion", "mains", "breathing"],
)
def test_noise_is_noise(signal_mv: npt.NDArray[np.float64]) -> None:
    seen = judged([stretch_of(signal_mv)], WHOLE)
    assert not seen.readable
    assert seen.reasons == (RefusalReason.NOISE,)


def test_the_score_falls_as_noise_grows() -> None:
    clean = rhythm_mv(Rhythm.SINUS, 12)[:N]
    noise = RNG.normal(0, 1, N)
    scores = [
        judged([stretch_of(clean + level * noise)], WHOLE).score for level in (0.0, 0.1, 0.3, 1.0)
    ]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("gain", [0.05, 1.0, 20.0, -1.0])
def test_neither_gain_nor_polarity_matter(gain: float) -> None:
    clean = rhythm_mv(Rhythm.PVC, 12)[:N]
    expected = judged([stretch_of(clean)], WHOLE)
    assert judged([stretch_of(gain * clean)], WHOLE) == expected


def test_flat_saturated_and_missing_are_named() -> None:
    clean = rhythm_mv(Rhythm.SINUS, 12)[:N]
    flat = judged([stretch_of(np.full(N, 0.4))], WHOLE)
    assert (flat.readable, flat.score, flat.reasons) == (False, 0.0, (RefusalReason.FLAT,))
    rail = judged([stretch_of(clean)], Counts(N, N, 0, (0, 0, 125, 75)))
    assert (rail.readable, rail.reasons) == (False, (RefusalReason.SATURATED,))
    assert [second for second, score in enumerate(rail.seconds) if score == 0.0] == [2, 3]
    parts = judged([stretch_of(clean)], Counts(N, N - 100, 50))
    assert parts.readable
    assert parts.reasons == (RefusalReason.LEAD_OFF, RefusalReason.GAP)
    mostly = judged([stretch_of(clean)], Counts(N, N, 900))
    assert not mostly.readable
    assert mostly.reasons == (RefusalReason.LEAD_OFF,)
    nothing = judged([], Counts(N, N, N))
    assert (nothing.readable, nothing.score) == (False, 0.0)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.5])
def test_a_tail_is_neither_noise_nor_flat_but_short_of_beats(seconds: float) -> None:
    n = round(seconds * RATE_HZ)
    for signal_mv in (rhythm_mv(Rhythm.SINUS, 12)[:n], np.full(n, 0.4)):
        seen = judged([stretch_of(signal_mv)], Counts(n, n, 0))
        assert (seen.readable, seen.reasons) == (False, (RefusalReason.FEW_BEATS,))


def test_a_heart_that_stands_still_is_not_called_noise() -> None:
    signal_mv = RNG.normal(0, 0.012, N)
    signal_mv[:100] += rhythm_mv(Rhythm.SINUS, 12)[:100]
    seen = judged([stretch_of(signal_mv, (87,))], WHOLE)
    assert (seen.readable, seen.reasons) == (False, (RefusalReason.NO_BEATS,))
    assert not seen.is_sound  # nothing is known of the patient yet
