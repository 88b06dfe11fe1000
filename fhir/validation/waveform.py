"""SampledData: scale, tokens, and the count against the stated time.

Source: https://hl7.org/fhir/R4/datatypes.html#SampledData
"""

import re
from collections.abc import Iterator
from datetime import datetime

from fhir.validation.invariant import number
from fhir.validation.issue import Issue, error
from fhir.validation.nodes import Node

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_DATA = re.compile(rf"(?:[EUL]|{_NUMBER})(?: (?:[EUL]|{_NUMBER}))*", re.ASCII)
_SERIES_MS = 1000
"""From this period on, a number may tell of an interval instead of an instant."""
_TOLERANCE_MS = 1
"""Times are often written in whole milliseconds."""


def sampled_data(node: Node) -> Iterator[Issue]:
    """What is wrong with a SampledData."""
    value = node.value
    for name in ("period", "factor"):
        if number(value.get(name, 1)) <= 0:
            yield error("value", f"{name} must be positive", node.where)
    data = value.get("data")
    if data is None:
        return
    if not _DATA.fullmatch(data):
        told = "data must be numbers, E, U or L with single spaces between"
        yield error("value", told, node.where)
        return
    frames, rest = divmod(data.count(" ") + 1, value.get("dimensions", 1))
    if rest:
        yield error("value", "data do not fill their dimensions", node.where)
    yield from _span(node, frames)


def _span(node: Node, frames: int) -> Iterator[Issue]:
    stated = node.resource.get("effectivePeriod")
    if stated is None:
        return
    start, end = stated.get("start", ""), stated.get("end", "")
    if "T" not in start or "T" not in end or "period" not in node.value:
        told = "samples need an effectivePeriod with the times of the first and the last"
        yield error("value", told, node.where)
        return
    length = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    length_ms, period_ms = number(length.total_seconds() * 1000), number(node.value["period"])
    if period_ms >= _SERIES_MS:
        # A number for each whole interval: what is left of the period has none.
        is_off = abs(length_ms - frames * period_ms) > period_ms
    else:
        is_off = abs(length_ms - (frames - 1) * period_ms) > _TOLERANCE_MS
    if is_off:
        told = f"{frames} frames do not span the effectivePeriod"
        yield error("value", told, node.where)
