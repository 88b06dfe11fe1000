"""The decimator's response, measured on the C: what it states is what it does."""

import ctypes

import numpy as np
import numpy.typing as npt
import pytest

from tests.firmware.library import library, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
FORMS = [(20_000, 160), (20_000, 80), (1_000, 8), (1_000, 4)]
PASS_HZ = 40.0
MID, AMPLITUDE = 32_768, 30_000


def decimated(codes: npt.NDArray[np.uint16], factor: int) -> npt.NDArray[np.float64]:
    """What the C makes of codes, about mid-scale, the start left out."""
    state = ctypes.create_string_buffer(1 << 12)
    out, is_saturated = ctypes.c_uint16(), ctypes.c_int()
    assert library().ecg_decimator_begin(state, ctypes.c_uint16(factor)) == 0
    push, places = library().ecg_decimator_push, (ctypes.byref(out), ctypes.byref(is_saturated))
    rails = (ctypes.c_uint16(0), ctypes.c_uint16(65_535))
    made = [out.value for code in codes if push(state, ctypes.c_uint16(code), *rails, *places)]
    return np.array(made[30:], dtype=float) - MID


def gain_db(rate_hz: int, factor: int, tone_hz: float) -> float:
    """Output power of a tone against its own, in dB; a phase of its own, so that none hides."""
    t_s = np.arange(rate_hz * 2 // 5 + 60 * factor) / rate_hz
    tone = AMPLITUDE * np.sin(2 * np.pi * tone_hz * t_s + 0.3)
    line = decimated((MID + np.rint(tone)).astype(np.uint16), factor)
    return float(10 * np.log10(np.mean(line**2) / (AMPLITUDE**2 / 2) + 1e-12))


@pytest.mark.parametrize(("rate_hz", "factor"), FORMS)
def test_what_folds_into_the_ecg_is_60_db_down(rate_hz: int, factor: int) -> None:
    fold_hz = rate_hz / factor
    first = [fold_hz - PASS_HZ, fold_hz, fold_hz + PASS_HZ - 1]
    later = [k * fold_hz + d for k in (2, 3) for d in (-30, 7) if k * fold_hz + d < rate_hz / 2]
    if rate_hz == 20_000:  # where the first stage folds
        later += [1_000 - 33.0, 1_000 + 20.0, 2_000 + 11.0, 9_013.0]
    assert max(gain_db(rate_hz, factor, tone_hz) for tone_hz in first + later) < -60


@pytest.mark.parametrize(("rate_hz", "factor"), FORMS)
def test_the_ecg_passes_within_a_tenth_of_a_db(rate_hz: int, factor: int) -> None:
    # Whole periods in the window, so that the mean power is the tone's.
    for tone_hz in (5.0, 20.0, 30.0, 40.0):
        t_s = np.arange(rate_hz + 30 * factor) / rate_hz
        tone = AMPLITUDE * np.sin(2 * np.pi * tone_hz * t_s + 0.3)
        line = decimated((MID + np.rint(tone)).astype(np.uint16), factor)[: rate_hz // factor]
        whole = len(line) // 25 * 25 if factor in (8, 160) else len(line) // 50 * 50
        power = np.mean(line[:whole] ** 2) / (AMPLITUDE**2 / 2)
        assert abs(10 * np.log10(power)) < 0.1, tone_hz
