"""The page on Subscriptions says what is so: its examples are valid, its topics those there are."""

import json
import re
from pathlib import Path

from fhir.subscriptions.topics import TOPICS
from fhir.subscriptions.wanted import wanted
from fhir.values import Json
from tests.conformance.checker import conformant
from tests.fhir.subscriptions.backport import notification

PAGE = (Path(__file__).parents[2] / "docs" / "subscriptions.md").read_text()


def _blocks() -> list[Json]:
    """The resources of the page, in their order."""
    found = re.findall(r"^```(?:json|http)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return [json.loads(block[block.index("{\n") :]) for block in found]


def test_the_examples_are_valid() -> None:
    asked, told = _blocks()
    conformant(asked)
    assert wanted(asked).topic is not None
    conformant(told)
    notification(told)


def test_every_topic_and_filter_is_told() -> None:
    for topic in TOPICS.values():
        assert f"| `{topic.url}` |" in PAGE
        assert {name for names in topic.filters.values() for name in names} <= set(
            re.findall(r"`([a-z]+)`", PAGE)
        )
