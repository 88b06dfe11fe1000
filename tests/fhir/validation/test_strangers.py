"""Whatever is accepted passes the conformance checks, however a resource was spoilt."""

import random
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir.validation import Severity, issues
from fhir.validation.elements import WRITABLE
from fhir.values import Json
from tests.conformance.checker import check
from tests.fhir.validation.strangers import resource, spoilt

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("[!bo]*.json")) + sorted(
    (Path(__file__).parents[1] / "golden").glob("observation*.json")
)


def judged(body: Json, type_: str) -> bool:
    """Whether it is accepted; what is, must be right."""
    good = all(issue.severity is not Severity.ERROR for issue in issues(body, type_))
    assert not good or check(body) == [], body
    return good


@settings(max_examples=600, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_accepted_is_conformant(seed: int) -> None:
    rng = random.Random(seed)
    type_ = rng.choice(WRITABLE)
    good = resource(rng, type_)
    judged(good, type_)
    for _ in range(5):
        judged(spoilt(rng, good), type_)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_our_own_resources_are_accepted_and_spoilt_ones_judged(path: Path) -> None:
    good = orjson.loads(path.read_bytes())
    assert issues(good, good["resourceType"]) == ()
    rng = random.Random(path.stem)
    for _ in range(60):
        judged(spoilt(rng, good), good["resourceType"])


def test_most_of_what_is_made_is_accepted() -> None:
    """Else the property above would say little."""
    rng = random.Random(1)
    pairs = [(type_, resource(rng, type_)) for type_ in WRITABLE for _ in range(20)]
    assert sum(judged(body, type_) for type_, body in pairs) > len(pairs) * 0.6
