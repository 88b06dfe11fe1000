"""The response of the device's decimator, measured through the C."""

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.firmware.library import library, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

RATES_HZ = {4: 1000.0, 8: 1000.0, 80: 20000.0, 160: 20000.0}
SPANS = {4: 20, 8: 80, 80: 480, 160: 1680}
MIDDLE = 32768
AMPLITUDE = 30000.0


class Stage(ctypes.Structure):
    """ecg_decimator_stage."""

    _fields_ = (
        ("taps", ctypes.c_void_p),
        ("factor", ctypes.c_uint16),
        ("phase", ctypes.c_uint16),
        ("cold", ctypes.c_uint16),
        ("blocks", ctypes.c_uint16),
        ("sums", ctypes.c_int32 * 10),
    )


class Decimator(ctypes.Structure):
    """ecg_decimator."""

    _fields_ = (
        ("stages", Stage * 2),
        ("count", ctypes.c_uint16),
        ("span", ctypes.c_uint16),
        ("unclean", ctypes.c_uint16),
    )


def decimated(codes: NDArray[np.float64], factor: int) -> tuple[NDArray[np.float64], int]:
    """The samples about mid-scale that the C gives for such codes, and its span in codes."""
    decimator, out, flag = Decimator(), ctypes.c_uint16(), ctypes.c_int()
    assert library().ecg_decimator_begin(ctypes.byref(decimator), factor) == 0
    push, rest = library().ecg_decimator_push, (0, 65535, ctypes.byref(out), ctypes.byref(flag))
    at = ctypes.byref(decimator)
    given = [out.value for code in np.rint(codes).astype(int).tolist() if push(at, code, *rest)]
    return np.array(given, dtype=float) - MIDDLE, decimator.span


def gain(factor: int, hz: float) -> complex:
    """How a tone comes out at its (folded) frequency, against itself at the stated delay."""
    rate, span = RATES_HZ[factor], SPANS[factor]
    n = np.arange(span + 60 * factor)
    samples, told = decimated(MIDDLE + AMPLITUDE * np.cos(2 * np.pi * hz * n / rate), factor)
    assert told == span
    # The first sample comes with code span - 1; each is of (span - 1) / 2 codes before.
    last = span - 1 + factor * np.arange(len(samples))
    angle = 2 * np.pi * hz * (last - (span - 1) / 2) / rate
    basis = np.column_stack((np.cos(angle), np.sin(angle)))
    (a, b), *_ = np.linalg.lstsq(basis, samples, rcond=None)
    return complex(a, b) / AMPLITUDE


@pytest.mark.parametrize("factor", RATES_HZ)
def test_the_pass_band_is_flat_and_the_delay_as_stated(factor: int) -> None:
    for hz in (1.0, 5.0, 10.0, 17.0, 25.0, 33.0, 38.0, 40.0):
        found = gain(factor, hz)
        assert abs(20 * np.log10(abs(found))) <= 0.1, hz
        assert abs(np.angle(found)) < 1e-3, hz


@pytest.mark.parametrize("factor", RATES_HZ)
def test_nothing_folds_into_the_pass_band(factor: int) -> None:
    rate = RATES_HZ[factor]
    output = rate / factor
    edge = [each * output + side for each in (1, 2, 3) for side in (-40.0, -11.0, 23.0, 40.0)]
    wide = [each * 1000.0 + side for each in (1, 3, 9) for side in (-40.0, -210.0, 31.0, 40.0)]
    for hz in (each for each in (*edge, *wide) if output - 40 <= each < rate / 2):
        n = np.arange(SPANS[factor] + 60 * factor)
        tone = MIDDLE + AMPLITUDE * np.cos(2 * np.pi * hz * n / rate + 0.7)
        samples, _ = decimated(tone, factor)
        level = np.sqrt(2 * np.mean(samples**2)) / AMPLITUDE
        assert level <= 1e-3, hz
