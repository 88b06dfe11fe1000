"""Parts of resources, on golden documents and on any elements."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from fhir.search import results
from fhir.search.elements import ELEMENTS
from fhir.search.registry import TYPES
from fhir.search.results import Summary
from fhir.search.subset import SUBSETTED, Subset, subset
from fhir.values import Json
from tests.conformance.checker import conformant

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = [
    p.stem
    for p in sorted(GOLDEN.glob("*.json"))
    if not p.stem.startswith(("bundle", "operationoutcome"))
]


def _load(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


def _part(part: Subset, body: bytes) -> Json:
    found: Json = orjson.loads(part.of(body))
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("summary", [Summary.TRUE, Summary.TEXT, Summary.DATA])
def test_a_summary_is_a_resource_still(name: str, summary: Summary) -> None:
    whole = orjson.loads(_load(name))
    part = _part(Subset(summary), _load(name))
    conformant(part)
    assert part["meta"]["tag"] == [SUBSETTED]
    assert part.keys() - {"meta"} <= whole.keys()
    assert ("text" in part) == (summary is Summary.TEXT)
    if summary is Summary.DATA:
        assert part.keys() | {"text"} == whole.keys() | {"meta", "text"}


@given(st.sampled_from(NAMES), st.data())
def test_elements_are_told_with_what_must_stay(name: str, data: st.DataObject) -> None:
    whole = orjson.loads(_load(name))
    known = ELEMENTS[whole["resourceType"]]
    chosen = data.draw(st.sets(st.sampled_from(sorted(known.all)), min_size=1))
    wanted = results.elements(TYPES[whole["resourceType"]], ",".join(sorted(chosen)))
    part = _part(Subset(elements=wanted), _load(name))
    conformant(part)
    told = {known.named(key) for key in part}
    assert told >= {"resourceType", "id", "meta"}
    assert told - {"resourceType", "id", "meta"} <= chosen | known.kept


def test_the_samples_are_no_part_of_a_summary() -> None:
    body = _load("observation-strip-with-samples")
    assert b'"data"' in body
    part = _part(Subset(Summary.TRUE), body)
    assert part["component"][0]["valueSampledData"].keys() == {
        "origin", "period", "factor", "dimensions",
    }  # fmt: skip
    assert not Subset(Summary.TRUE).needs_samples("Observation")
    assert not Subset(elements=("code",)).needs_samples("Observation")
    assert Subset(elements=("component",)).needs_samples("Observation")
    assert Subset(Summary.DATA).needs_samples("Observation")


def test_digits_tags_and_contained_resources_stay() -> None:
    body = (
        b'{"resourceType":"Observation","id":"a","meta":{"tag":[{"code":"x"}]},'
        b'"contained":[{"resourceType":"Device","id":"d"}],"status":"final","code":{"text":"y"},'
        b'"device":{"reference":"#d"},"valueQuantity":{"value":60.10},"statusReason":"no"}'
    )
    told = Subset(elements=("value[x]",)).of(body)
    assert b"60.10" in told
    assert b"contained" not in told
    assert b"statusReason" not in told
    part = _part(Subset(elements=("device",)), body)
    assert part["contained"][0]["id"] == "d"
    assert part["meta"]["tag"] == [{"code": "x"}, SUBSETTED]


def test_names_of_elements() -> None:
    kind = TYPES["Observation"]
    assert results.elements(kind, "value,valueQuantity,component.code,code") == (
        "value[x]", "component", "code",
    )  # fmt: skip
    for wrong in ("unicorn", "", "code,", "Code", "valuequantity", ",".join(["code"] * 101)):
        with pytest.raises(Incorrect):
            results.elements(kind, wrong)


def test_either_a_summary_or_elements() -> None:
    assert subset(Summary.FALSE, ()) is None
    assert subset(None, ()) is None
    assert subset(Summary.FALSE, ("code",)) == Subset(elements=("code",))
    assert subset(None, ("code",)) == Subset(elements=("code",))
    with pytest.raises(Incorrect):
        subset(Summary.TRUE, ("code",))
