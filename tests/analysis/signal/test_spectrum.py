"""The spectrum finds what was put in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signal.spectrum import longest_run, spectrum
from tests.analysis.stretches import RATE_HZ, stretch_of

TIME_S = np.arange(1496) / RATE_HZ


@pytest.mark.parametrize(
    ("hz", "band"), [(2.0, "power_low"), (9.0, "power_qrs"), (25.0, "power_high")]
)
def test_a_tone_is_found_with_its_power(hz: float, band: str) -> None:
    found = spectrum([stretch_of(0.5 * np.sin(2 * np.pi * hz * TIME_S))])
    assert found is not None
    assert found.dominant_hz == pytest.approx(hz, abs=0.25)
    powers = {name: getattr(found, name) for name in ("power_low", "power_qrs", "power_high")}
    assert powers.pop(band) == pytest.approx(0.125, rel=0.1)  # half the square of the amplitude
    assert max(powers.values()) < 0.01


def test_the_longest_measured_run_is_used() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 9 * TIME_S)
    tone[:600] += 5 * np.sin(2 * np.pi * 20 * TIME_S[:600])
    found = spectrum([stretch_of(tone, invalid=slice(600, 640))])
    assert found is not None
    assert found.dominant_hz == pytest.approx(9.0, abs=0.25)


def test_too_short_has_none() -> None:
    assert spectrum([]) is None
    assert spectrum([stretch_of(np.sin(TIME_S[:300]))]) is None
    assert spectrum([stretch_of(np.sin(TIME_S[:400]), invalid=slice(200, 201))]) is None


@given(st.lists(st.booleans(), max_size=40))
def test_longest_run(valid: list[bool]) -> None:
    first, stop = longest_run(np.array(valid, dtype=np.bool_))
    runs = "".join("x" if v else " " for v in valid).split()
    assert stop - first == max(map(len, runs), default=0)
    assert all(valid[first:stop])
