import numpy as np
import pytest

from analysis.classifier import CLASSES
from model.class_report import confusions, intervals, report, scores
from model.class_table import class_table
from model.dataset import SURPLUS, BeatSet
from model.evaluate import calibration

NAMES = np.array(["N", "N", "V", "V", "S", SURPLUS])
TOLD = np.array(["N", "V", "V", "N", "S", "V"])
BEATS = BeatSet(np.zeros((6, 1), dtype=np.float32), NAMES, np.array(["1", "1", "1", "2", "2", "2"]))
PROBABILITY = np.array([[0.8 if name == told else 0.05 for name in CLASSES] for told in TOLD])
REFERENCE = {"1": np.array(["N", "N", "V"]), "2": np.array(["V", "S", "S"])}
FOUND = confusions(BEATS, PROBABILITY, REFERENCE)
REPORT = report(BEATS, PROBABILITY, FOUND)


def test_a_beat_not_found_is_missed_and_a_surplus_one_counts_against_its_class() -> None:
    gross = REPORT["gross"]
    assert isinstance(gross, dict)
    v = {"se": 0.5, "p": 1 / 3, "f1": 0.4, "p_ec57": 1 / 3}
    s = {"se": 0.5, "p": 1.0, "f1": 2 / 3, "p_ec57": 1.0}
    assert gross["classes"]["V"] == pytest.approx(v, abs=1e-4)
    assert gross["classes"]["S"] == pytest.approx(s, abs=1e-4)
    assert gross["accuracy"] == pytest.approx(3 / 5)


def test_fusion_and_unknown_beats_told_as_ventricular_are_not_false_in_ec57() -> None:
    counts = np.zeros((6, 6), dtype=np.int64)
    counts[:, 2] = counts[:, 1] = (1, 2, 4, 8, 16, 32)
    classes = scores(counts)["classes"]
    assert isinstance(classes, dict)
    assert classes["V"]["p"] == pytest.approx(4 / 63, abs=1e-4)
    assert classes["V"]["p_ec57"] == pytest.approx(4 / (1 + 2 + 4 + 32), abs=1e-4)
    assert classes["S"]["p_ec57"] == pytest.approx(2 / (1 + 2 + 4 + 8 + 32), abs=1e-4)


def test_intervals_hold_the_figure_and_repeat() -> None:
    stated = intervals(FOUND.counts)
    assert stated == intervals(FOUND.counts)
    accuracy = stated["accuracy"]
    assert isinstance(accuracy, list)
    assert accuracy[0] <= 3 / 5 <= accuracy[1]


def test_probabilities_that_are_frequencies_are_calibrated() -> None:
    generator = np.random.default_rng(1)
    probability = generator.random(20_000)
    abnormal = generator.random(20_000) < probability
    ece = [calibration(abnormal, p)["ece"] for p in (probability, probability**3)]
    assert ece[0] < 0.02 < ece[1]


def test_the_table_names_every_class_and_record() -> None:
    table = class_table("a title", REPORT)
    assert all(f"\n{name}" in table for name in [*CLASSES, "1", "2", "accuracy"])
