"""Networks held against each other: agreement and the ROC curve, done by hand."""

import numpy as np
import pytest

from model.evaluate import area_under_roc
from model.evaluation.comparison import agreement, roc

RECORDS = {
    "901": {
        "networks": {
            "a": [[0.9, 0.1, 0, 0, 0], [0.2, 0.8, 0, 0, 0]],
            "b": [[0.9, 0.1, 0, 0, 0], [0.6, 0.4, 0, 0, 0]],
            "c": [[0.9, *[float("nan")] * 4], [0.3, *[float("nan")] * 4]],
        }
    }
}


def test_agreement_counts_like_decisions() -> None:
    alike = agreement(RECORDS, {"a": 0.5, "b": 0.5, "c": 0.5}, "a")
    assert alike["b"] == pytest.approx(
        {"beats": 2, "classes": 0.5, "abnormal": 0.5, "largest_difference": 0.4}
    )
    assert (alike["c"]["classes"], alike["c"]["abnormal"]) == (None, 1.0)


def test_the_curve_encloses_the_stated_area() -> None:
    generator = np.random.default_rng(1)
    told = generator.random(3000)
    abnormal = generator.random(3000) < told
    x, y = np.array(roc(abnormal, told)).T
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == pytest.approx(area_under_roc(abnormal, told), abs=2e-3)


def test_one_class_has_no_curve() -> None:
    assert roc(np.zeros(3, dtype=bool), np.zeros(3)) == []
