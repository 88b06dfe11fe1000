"""Quick means, medians and lines are numpy's, to the last bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.patient import quick

SHORT = st.integers(1, 400).flatmap(
    lambda n: arrays(np.float64, n, elements=st.floats(-1e6, 1e6, width=64))
)


@given(SHORT)
def test_mean_median_and_share(x: quick.Values) -> None:
    assert quick.mean(x) == np.mean(x)
    assert quick.median(x) == np.median(x)
    assert quick.share(x > 0) == np.mean(x > 0)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(2, 120))
def test_a_line(first: float, last: float, n: int) -> None:
    assert (quick.line(first, last, n) == np.linspace(first, last, n)).all()
