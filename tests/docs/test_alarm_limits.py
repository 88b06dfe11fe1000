"""The page on alarm limits says what is so: its example is valid, its numbers those in force."""

import json
import re
from pathlib import Path

from core.alerts import AlertKind
from core.limits import POLICY, Limits
from fhir.profiles.terminology import SETS
from fhir.validation.limits import PAUSES_S, PROBABILITIES, RATES_PER_MIN, limits
from tests.conformance.checker import conformant

PAGE = (Path(__file__).parents[2] / "docs" / "alarm-limits.md").read_text()


def test_the_example_sets_what_it_says() -> None:
    (block,) = re.findall(r"^```http\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    sent = json.loads(block[block.index("{\n") :])
    conformant(sent)
    assert limits(sent) == Limits(50, 120, off=frozenset({AlertKind.ATRIAL_FIBRILLATION}))


def test_every_measure_is_told() -> None:
    (measures,) = (codes for id_, _, _, codes in SETS if id_ == "alarm-limit")
    assert all(f"`{code.code}`" in PAGE for code in measures)


def test_bounds_are_those_in_force() -> None:
    for pair in (RATES_PER_MIN, PAUSES_S, PROBABILITIES):
        assert f"| {pair[0]:g} to {pair[1]:g} " in PAGE
    rates = (POLICY.slow_per_min, POLICY.fast_per_min)
    extremes = (POLICY.extreme_slow_per_min, POLICY.extreme_fast_per_min)
    assert all(f"| {low:g}, {high:g} |" in PAGE for low, high in (rates, extremes))
    assert f"| {POLICY.pause_s:g} |" in PAGE
