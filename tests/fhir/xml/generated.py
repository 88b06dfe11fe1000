"""Any resource at all, as its type's elements allow: for codecs, not for clinicians."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fhir.search.registry import TYPES
from fhir.xml.elements import Element, Kind, elements
from fhir.xml.names import XHTML

OTHERS = ("Encounter", "Group", "Parameters", "Questionnaire", "Provenance", "AuditEvent", "Basic")
NAMES = sorted({*TYPES, *OTHERS} - {"Binary"})
_DEPTH = 4

# What XML can carry, line ends and quotation marks among it.
_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff",
                  include_characters="\t\n\r"),
    min_size=1, max_size=12,
)  # fmt: skip
_decimals = st.builds(
    lambda sign, whole, fraction: Decimal(f"{sign}{whole}.{fraction}"),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**12),
    st.from_regex(r"[0-9]{1,5}", fullmatch=True),
)
_divs = _texts.map(lambda text: f'<div xmlns="{XHTML}"><p title="a">{_shown(text)}</p><br/></div>')
_PRIMITIVES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _texts,
    Kind.BOOLEAN: st.booleans(),
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Kind.DECIMAL: _decimals | st.integers(-(10**15), 10**15),
}


def _shown(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\r", " ")  # a parser takes it for a line end


@st.composite
def resources(draw: st.DrawFn, depth: int = _DEPTH) -> dict[str, Any]:
    """A resource with some of its elements, contained resources and extensions among them."""
    name = draw(st.sampled_from(NAMES))
    return {"resourceType": name} | _some(draw, name, depth)


def _some(draw: st.DrawFn, type_: str, depth: int, least: int = 0) -> dict[str, Any]:
    known = [e for e in elements(type_) if depth > 1 or e.kind in _PRIMITIVES]
    chosen = draw(st.lists(st.sampled_from(known), min_size=least, max_size=4, unique=True))
    plain: dict[str, Any] = {}
    for element in chosen:
        plain |= _property(draw, element, depth - 1)
    return plain


def _property(draw: st.DrawFn, element: Element, depth: int) -> dict[str, Any]:
    count = draw(st.integers(1, 3)) if element.is_list else 1
    if element.kind not in _PRIMITIVES or element.is_attribute:
        values = [_value(draw, element, depth) for _ in range(count)]
        return {element.name: values if element.is_list else values[0]}
    strategy = _PRIMITIVES[element.kind]
    told, beside = [], []
    for _ in range(count):
        extra = _beside(draw, depth) if depth > 0 and draw(st.booleans()) else None
        told.append(draw(strategy) if extra is None or draw(st.booleans()) else None)
        beside.append(extra)
    plain: dict[str, Any] = {}
    if any(value is not None for value in told):
        plain[element.name] = told if element.is_list else told[0]
    if any(extra is not None for extra in beside):
        plain[f"_{element.name}"] = beside if element.is_list else beside[0]
    return plain


def _beside(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"id": draw(_texts)}
    return {"extension": [{"url": "http://a.test/x"} | _some(draw, "Extension", min(depth, 1))]}


def _value(draw: st.DrawFn, element: Element, depth: int) -> Any:
    if element.kind is Kind.RESOURCE:
        return draw(resources(depth))
    if element.kind is Kind.XHTML:
        return draw(_divs)
    if element.kind is Kind.COMPLEX:
        return _some(draw, element.type, max(depth, 1), least=1)
    return draw(_PRIMITIVES[element.kind])
