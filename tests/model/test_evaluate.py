import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset import BeatSet
from model.evaluate import area_under_roc, report, score

TRUTH = np.array([True] * 4 + [False] * 6)
PROBABILITY = np.array([0.9, 0.8, 0.5, 0.1, 0.7, 0.4, 0.3, 0.2, 0.1, 0.0])


def test_scores_of_a_case_done_by_hand() -> None:
    scores = score(TRUTH, PROBABILITY, 0.5)
    assert (scores.true_positives, scores.false_positives) == (3, 1)
    assert (scores.false_negatives, scores.true_negatives) == (1, 5)
    assert scores.accuracy == 0.8
    assert scores.precision == 0.75
    assert scores.recall == 0.75
    assert scores.specificity == pytest.approx(5 / 6, abs=1e-6)
    assert scores.f1 == 0.75
    assert scores.auc == pytest.approx((6 + 6 + 5 + 1.5) / 24, abs=1e-6)


def test_ratios_without_cases_are_not_stated() -> None:
    scores = score(np.zeros(3, dtype=bool), np.zeros(3), 0.5)
    assert scores.specificity == 1.0
    assert (scores.precision, scores.recall, scores.f1, scores.auc) == (None,) * 4


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=40))
def test_the_area_is_the_chance_that_an_abnormal_beat_ranks_higher(
    cases: list[tuple[bool, int]],
) -> None:
    positive = [p for label, p in cases if label]
    negative = [p for label, p in cases if not label]
    pairs = [(p > q) + (p == q) / 2 for p in positive for q in negative]
    area = area_under_roc(
        np.array([label for label, _ in cases]), np.array([p for _, p in cases], dtype=float)
    )
    assert area == (pytest.approx(np.mean(pairs), abs=1e-6) if pairs else None)


def test_a_report_states_every_record_and_class() -> None:
    beats = BeatSet(
        np.zeros((10, 187), dtype=np.float32),
        np.array(["V", "V", "S", "F"] + ["N"] * 6),
        np.array(["100"] * 5 + ["103"] * 5),
    )
    stated = report(beats, PROBABILITY, 0.5)
    by_record = stated["by_record"]
    assert isinstance(by_record, dict)
    assert by_record.keys() == {"100", "103"}
    assert by_record["103"]["true_negatives"] == 5
    assert stated["share_flagged_by_class"] == {
        "F": 0.0,
        "N": pytest.approx(1 / 6, abs=1e-6),
        "S": 1.0,
        "V": 1.0,
    }
