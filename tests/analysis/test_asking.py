"""Who is asked, and who is said to have answered."""

import numpy as np
import numpy.typing as npt
import pytest

from analysis.asking import ask
from analysis.beats import BEAT_VALUES
from analysis.session.verdicts import Model
from core.errors import Unavailable
from tests.analysis.chunks import LengthClassifier

BEATS = np.eye(3, BEAT_VALUES, dtype=np.float32)


class Away(LengthClassifier):
    """An engine that cannot be reached, with another name and threshold."""

    model_id = "far"
    threshold = 0.7

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        raise Unavailable("throttled")


def test_the_configured_engine_answers_while_it_can() -> None:
    probabilities, by = ask(LengthClassifier(), Away(), BEATS)
    assert by == Model("test", 0.5)
    np.testing.assert_array_equal(probabilities, LengthClassifier().predict(BEATS))


def test_the_reserve_answers_under_its_own_name_and_threshold() -> None:
    probabilities, by = ask(Away(), LengthClassifier(), BEATS)
    assert by == Model("test", 0.5, "throttled")
    np.testing.assert_array_equal(probabilities, LengthClassifier().predict(BEATS))


def test_nobody_far_away_is_asked_about_no_beats() -> None:
    probabilities, by = ask(Away(), LengthClassifier(), BEATS[:0])
    assert (len(probabilities), by) == (0, Model("far", 0.7))


def test_without_a_reserve_the_caller_waits() -> None:
    with pytest.raises(Unavailable, match="throttled"):
        ask(Away(), None, BEATS)
