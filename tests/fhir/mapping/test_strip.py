"""The strip's samples: what a reader computes from SampledData is the signal, in millivolts."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.chunk import INVALID_SAMPLE
from fhir.mapping.strip import ecg_strip, render, sample_text, with_samples
from tests.fhir.samples import READABLE, UNREADABLE, WORN

codes = hnp.arrays(np.int16, st.integers(1, 1496))


@given(codes)
def test_every_code_is_its_number_and_the_invalid_one_is_e(
    given_codes: npt.NDArray[np.int16],
) -> None:
    words = sample_text(given_codes).split(" ")
    expected = ["E" if code == INVALID_SAMPLE else str(code) for code in given_codes.tolist()]
    assert words == expected


def test_data_times_factor_plus_origin_is_millivolts() -> None:
    strip = with_samples(ecg_strip(READABLE, WORN), np.array([1000, -250], np.int16), 732)
    data = strip["component"][0]["valueSampledData"]
    first, second = (
        int(word) * data["factor"] + data["origin"]["value"] for word in data["data"].split()
    )
    assert first == 0.732
    assert second == -0.183
    assert (data["origin"]["code"], data["period"]) == ("mV", 8)


def test_samples_are_not_stored() -> None:
    stored = ecg_strip(READABLE, WORN)
    with_samples(stored, np.zeros(3, np.int16), 732)
    assert "data" not in stored["component"][0]["valueSampledData"]


def test_render_says_what_to_read() -> None:
    assert render(READABLE, 7) == {
        "session": 7,
        "first_sample": 4488,
        "n_samples": 1496,
        "n_missing": 0,
        "component": 0,
    }


def test_a_strip_is_final_once_every_sample_has_come() -> None:
    assert ecg_strip(READABLE, WORN)["status"] == "final"
    incomplete = ecg_strip(UNREADABLE, WORN)
    assert incomplete["status"] == "preliminary"
    assert "187 of 1496 samples have no value" in incomplete["text"]["div"]
