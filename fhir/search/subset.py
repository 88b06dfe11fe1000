"""Parts of a resource: ``_summary`` and ``_elements`` (https://hl7.org/fhir/R4/search.html#summary).

What is left out is marked by the tag SUBSETTED, so that nobody takes the part for the whole and
writes it back.
"""

from dataclasses import dataclass
from typing import Any

from core import json_text
from core.errors import Incorrect
from fhir.search.elements import ALWAYS, ELEMENTS
from fhir.search.results import Summary

Json = dict[str, Any]

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


@dataclass(frozen=True, slots=True)
class Subset:
    """A part of each resource: a summary of it, or ``elements`` of its root."""

    summary: Summary | None = None
    elements: tuple[str, ...] = ()

    def needs_samples(self, type_: str) -> bool:
        """Whether it tells the samples of a strip: they are no part of a summary."""
        return self.summary is not Summary.TRUE and self.keeps(type_, "component")

    def keeps(self, type_: str, name: str) -> bool:
        """Whether the property ``name`` of a resource of ``type_`` is told."""
        if self.summary is Summary.DATA:
            return name not in ("text", "_text")
        known = ELEMENTS[type_]
        wanted = ALWAYS | known.kept | set(self.elements)
        if self.summary is Summary.TEXT:
            wanted |= {"text"}
        elif self.summary is Summary.TRUE:
            wanted |= known.summary
        return known.named(name.removeprefix("_")) in wanted

    def of(self, body: bytes) -> bytes:
        """The part of a resource given as JSON, with its decimals as they were."""
        whole: Json = json_text.loads(body)
        type_ = whole["resourceType"]
        part = {name: value for name, value in whole.items() if self.keeps(type_, name)}
        if self.summary is Summary.TRUE:
            part = _without_samples(part)
        if "contained" in whole and b'"#' in json_text.dumps(part):
            part["contained"] = whole["contained"]  # a reference must not point at nothing
        meta = _marked(whole.get("meta", {}), whole=self.summary is Summary.DATA)
        return json_text.dumps(_in_front(part, meta))


def subset(summary: Summary | None, elements: tuple[str, ...]) -> Subset | None:
    """The part that a client asks for; None for the whole. Raises Incorrect for both at once."""
    part = None if summary in (Summary.FALSE, Summary.COUNT) else summary
    if part and elements:
        raise Incorrect("_elements and _summary exclude each other")
    return Subset(part, elements) if part or elements else None


def _marked(meta: Json, *, whole: bool) -> Json:
    """The tag added; the claim of profiles taken back, for a part need not keep what they ask."""
    kept = {n: v for n, v in meta.items() if n not in ("profile", "_profile") or whole}
    tags = [tag for tag in meta.get("tag", []) if tag.get("code") != SUBSETTED["code"]]
    return kept | {"tag": [*tags, SUBSETTED]}


def _in_front(part: Json, meta: Json) -> Json:
    head = {name: part[name] for name in ("resourceType", "id") if name in part}
    return head | {"meta": meta} | {n: v for n, v in part.items() if n != "meta" and n not in head}


def _without_samples(part: Json) -> Json:
    """SampledData less their data, which are no element of a summary."""
    summary = dict(part)
    if "component" in part:
        summary["component"] = [_scale_only(component) for component in part["component"]]
    return _scale_only(summary)


def _scale_only(node: Json) -> Json:
    sampled = node.get("valueSampledData")
    if not isinstance(sampled, dict):
        return node
    kept = {name: value for name, value in sampled.items() if name not in ("data", "_data")}
    return node | {"valueSampledData": kept}
