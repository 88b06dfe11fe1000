import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset import BeatSet
from model.evidence import onsets, weigh


def flags(text: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([letter == "x" for letter in text])


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("....x.....x....", []),
        ("..xxx..........", [4]),
        ("xxxxxxxxxx", [2]),
        ("xx.x", [3]),
        ("xxx....xxx", [2, 9]),
        ("xxx.xxx", [2]),
        ("", []),
    ],
)
def test_an_alert_opens_once_at_three_of_four(text: str, opened: list[int]) -> None:
    assert onsets(flags(text), 3, 4, close=1) == opened


@given(st.lists(st.booleans(), max_size=80))
def test_a_stricter_rule_never_opens_earlier(flagged: list[bool]) -> None:
    loose, strict = (onsets(np.array(flagged, dtype=bool), k, 10, 2) for k in (6, 9))
    assert not strict or loose[0] <= strict[0]


def test_an_onset_is_true_if_the_reference_agrees_on_half_of_the_beats() -> None:
    classes = np.array(["V"] * 2 + ["N"] * 8 + ["N"] * 10)
    records = np.array(["a"] * 10 + ["b"] * 10)
    beats = BeatSet(np.zeros((20, 187), dtype=np.float32), classes, records)
    evidence = weigh(beats, flags("xxx......." + "xxx......."), 3, 4, close=1, hours=1)
    assert (evidence.true_onsets, evidence.false_onsets) == (1, 1)
