import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.patient.shapes import AMPLITUDES, SHAPE_NAMES, SHAPES, Shapes
from analysis.patient.window import BEFORE, WINDOW_SAMPLES

Samples = npt.NDArray[np.float64]
T = (np.arange(WINDOW_SAMPLES) - BEFORE) / 125


def beat(wide: bool = False, gain: float = 1.0) -> Samples:
    width = 0.06 if wide else 0.02
    sign = -1.0 if wide else 1.0
    p_wave, t_wave = np.exp(-(((T + 0.16) / 0.03) ** 2)), np.exp(-(((T - 0.25) / 0.06) ** 2))
    return np.asarray(gain * (sign * np.exp(-((T / width) ** 2)) + 0.1 * p_wave + 0.2 * t_wave))


def seen(beats: list[Samples]) -> Shapes:
    shapes = Shapes()
    for one in beats:
        own, _ = shapes.compare(one)
        shapes.take(one, own, 0.0, 0.0)
    return shapes


def told(shapes: Shapes, one: Samples) -> dict[str, float]:
    return dict(zip(SHAPE_NAMES, shapes.compare(one)[1].tolist(), strict=True))


def test_a_beat_of_another_shape_stands_out() -> None:
    shapes = seen([beat()] * 20)
    usual, other = told(shapes, beat()), told(shapes, beat(wide=True))
    assert usual["alike usual"] == pytest.approx(1.0)
    assert usual["is usual"] == 1.0
    assert other["is usual"] == 0.0
    assert other["width/usual"] > 0.5
    assert other["apart usual"] > usual["apart usual"] + 0.3


def test_in_bigeminy_each_kind_has_its_shape_and_its_habits() -> None:
    shapes = Shapes()
    for _ in range(20):
        for one, early in ((beat(), 0.3), (beat(wide=True), -0.3)):
            own, _values = shapes.compare(one)
            shapes.take(one, own, early, -early)
    assert (shapes.habits[:, 0] > 1).sum() == 2
    assert told(shapes, beat(wide=True))["early own"] == pytest.approx(-0.3)
    assert told(shapes, beat())["late own"] == pytest.approx(-0.3)


@given(gain=st.floats(0.05, 20), turned=st.booleans())
def test_gain_and_polarity_do_not_matter(gain: float, turned: bool) -> None:
    factor = -gain if turned else gain
    plain = seen([beat(), beat(wide=True), beat()])
    scaled = seen([factor * beat(), factor * beat(wide=True), factor * beat()])
    one = beat(wide=True) + 0.1 * np.sin(T * 30)
    np.testing.assert_allclose(scaled.compare(factor * one)[1], plain.compare(one)[1], atol=0.02)


@given(st.lists(arrays(np.float64, WINDOW_SAMPLES, elements=st.floats(-1e6, 1e6)), max_size=40))
def test_whatever_comes_is_finite_and_memory_is_bounded(beats: list[Samples]) -> None:
    shapes = seen(beats)
    for one in beats:
        assert np.isfinite(shapes.compare(one)[1]).all()
    assert shapes.means.shape == (SHAPES, WINDOW_SAMPLES)
    assert len(shapes.heights) <= AMPLITUDES


def test_it_goes_on_where_it_was_dumped() -> None:
    shapes = seen([beat(), beat(wide=True), beat()])
    again = Shapes.load(shapes.dump())
    one = beat(gain=1.2)
    np.testing.assert_array_equal(again.compare(one)[1], shapes.compare(one)[1])
