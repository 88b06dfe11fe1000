import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.patient.p_waves import BEATS, P_NAMES, PWaves
from analysis.patient.window import WINDOW_SAMPLES

_windows = arrays(np.float64, WINDOW_SAMPLES, elements=st.floats(-8.0, 8.0))


def bump(at: float, width: float, height: float) -> npt.NDArray[np.float64]:
    from_middle = (np.arange(WINDOW_SAMPLES, dtype=np.float64) - at) / width
    wave: npt.NDArray[np.float64] = height * np.exp(-0.5 * from_middle**2)
    return wave


QRS, T = bump(50, 2, 1.0), bump(85, 8, 0.3)
USUAL = QRS + T + bump(28, 4, 0.15)


def named(waves: PWaves, beat: np.ndarray, previous_s: float | None = 0.9) -> dict[str, float]:
    values = waves.compare(beat, USUAL, USUAL, previous_s).tolist()
    return dict(zip(P_NAMES, values, strict=True))


def test_the_usual_p_wave_is_found_where_it_is() -> None:
    told = named(PWaves(), USUAL)
    assert told["best alike"] == pytest.approx(1.0)
    assert told["best lag"] == told["best height"] == 0.0


def test_an_earlier_p_wave_is_found_at_its_place_and_another_one_is_unlike() -> None:
    moved, turned = QRS + T + bump(24, 4, 0.15), QRS + T - bump(28, 4, 0.15)
    assert named(PWaves(), moved)["best lag"] == pytest.approx(-4 / 12)
    assert named(PWaves(), turned)["P alike last"] < -0.9


def test_a_p_wave_on_the_last_t_wave_is_seen_when_that_is_taken_off() -> None:
    off = 55
    t_before = np.interp(np.arange(WINDOW_SAMPLES) + off, np.arange(WINDOW_SAMPLES), USUAL)
    beat = QRS + np.where(np.arange(WINDOW_SAMPLES) < 45, t_before, 0.0)
    hidden = named(PWaves(), beat + bump(26, 3, 0.2), off / 125.0)
    none = named(PWaves(), beat, off / 125.0)
    assert hidden["rest height"] > 2 * none["rest height"]


def test_evidence_is_averaged_over_the_last_beats_only_and_dumped() -> None:
    waves = PWaves()
    for beat in [QRS + T] * BEATS + [USUAL] * BEATS:
        waves.compare(beat, USUAL, USUAL, 0.9)
    assert waves.seen.shape == (BEATS, 4)
    assert named(PWaves.load(waves.dump()), USUAL)["alike of last"] == pytest.approx(1.0)


@given(_windows, _windows, _windows, st.none() | st.floats(0.1, 4.0))
def test_values_are_finite_and_the_same_upside_down(
    beat: np.ndarray, usual: np.ndarray, last: np.ndarray, previous_s: float | None
) -> None:
    told = PWaves().compare(beat, usual, last, previous_s)
    assert told.shape == (len(P_NAMES),)
    assert np.isfinite(told).all()
    np.testing.assert_array_equal(told, PWaves().compare(-beat, -usual, -last, previous_s))
