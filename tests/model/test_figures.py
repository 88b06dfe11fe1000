"""The served artefact says what it said when its figures were stored: no change goes unseen."""

import json
from collections.abc import Callable

import pytest

from tests.model.figures import STORED, Figures, cases

TOLERANCE = {
    "probability_mean": 2e-4,
    "probability_deviation": 2e-4,
    "rr_mean_ms": 0.05,
    "rr_deviation_ms": 0.05,
    "quality_mean": 2e-4,
}
"""Other processors round the last digits otherwise; counts are exact."""


@pytest.mark.parametrize(("name", "compute"), [pytest.param(*case, id=case[0]) for case in cases()])
def test_figures_are_as_stored(name: str, compute: Callable[[], Figures]) -> None:
    stored, now = json.loads(STORED.read_text())[name], compute()
    assert now.keys() == stored.keys()
    moved = {
        key: (stored[key], value)
        for key, value in now.items()
        if abs(value - stored[key]) > TOLERANCE.get(key, 0.0)
    }
    assert not moved, "if this was meant: python -m tests.model.figures, and look at what moved"
