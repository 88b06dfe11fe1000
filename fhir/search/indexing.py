"""From a resource to what it is found by, by its type's declaration."""

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from fhir.search import values as extract
from fhir.search.params import ResourceType, SearchParam
from fhir.search.registry import TYPES
from fhir.search.values import MAX_TEXT, Codings, References
from store.index import NO_DATE, Amount, Concept, Index, Span, Token, Wording, short
from store.resources import Draft

Json = dict[str, Any]

GROUPED = "Observation"
"""The type whose latest are asked for by code ($lastn)."""
CODE = "code"
CATEGORY = "category"
TEXT_ALONE = "code:alone"
"""Where the text of a code stands that has no codings."""

REVISION = 1
"""One more whenever the same resource is to be found by other values under the same names."""


@cache
def declarations() -> str:
    """A digest of what resources are found by: stored ones are indexed anew when it changes."""
    told = [
        (kind.name, kind.patient, p.name, p.kind.value, p.of, p.leads, p.values is not None)
        for kind in TYPES.values()
        for p in kind.params.values()
    ]
    return sha256(repr((REVISION, sorted(told, key=repr))).encode()).hexdigest()


def index(body: Json) -> Index:
    """What a resource is found by, by its type's declaration."""
    kind = TYPES[body["resourceType"]]
    found = kind.date.dates(body) if kind.date and kind.date.dates else None
    at, until = found or (NO_DATE, None)
    tokens = tuple(token for token in _tokens(kind, body) if _is_storable(token))
    return Index(
        _patient_id(kind, body),
        at,
        until,
        tokens,
        tuple(_spans(kind, body)),
        tuple(_measures(kind, body)),
        tuple(dict.fromkeys(_wordings(kind, body))),
        _concept(tokens) if kind.name == GROUPED else None,
    )


def draft(body: Json, render: Json | None = None) -> Draft:
    """A resource ready to be stored; it carries its ``id``, and no version."""
    return Draft(body["resourceType"], body["id"], body, index(body), render)


def concept(body: Json) -> Concept | None:
    """The ``concept`` of an Observation's index, at a tenth of the cost of all of it."""
    kind = TYPES[GROUPED]
    tokens = [*_text_alone(kind, body)]
    for name in (CODE, CATEGORY):
        tokens += _tokens_of(kind, kind.params[name], body)
    return _concept([token for token in tokens if _is_storable(token)])


def _concept(tokens: Sequence[Token]) -> Concept | None:
    """What an Observation is a value of; None where neither codings nor text tell."""
    filters = {key for token in tokens if token.param == CATEGORY for key in token.keys}
    for param in (CODE, TEXT_ALONE):
        found = {(short(token.code), token.system) for token in tokens if token.param == param}
        if found:
            return Concept(param, tuple(sorted(found)), tuple(sorted(filters)))
    return None


def _tokens(kind: ResourceType, body: Json) -> Iterator[Token]:
    yield from _text_alone(kind, body)
    for param in kind.params.values():
        yield from _tokens_of(kind, param, body)


def _tokens_of(kind: ResourceType, param: SearchParam, body: Json) -> Iterator[Token]:
    for system, code in param.values(body) if param.values else ():
        yield Token(param.name, code, system, param.leads)
    for system, code in _identifiers(kind, param, body):
        yield Token(f"{param.name}:identifier", code, system, param.leads)


def _text_alone(kind: ResourceType, body: Json) -> Iterator[Token]:
    """The text of a code without codings: as $lastn groups them, by every letter."""
    if kind.name == GROUPED and not any(extract.codings("code")(body)):
        for text in extract.elements(body, "code.text"):
            yield Token(TEXT_ALONE, str(text))


def _identifiers(kind: ResourceType, param: SearchParam, body: Json) -> Iterator[tuple[str, str]]:
    """The identifiers by which it refers, beside or instead of ids."""
    if isinstance(param.values, References):
        yield from param.values.identifiers(body)
    elif param.is_of_patient and kind.patient not in (None, "id"):
        yield from extract.identifiers(f"{kind.patient}.identifier")(body)


def _is_storable(token: Token) -> bool:
    """PostgreSQL's texts hold no NUL; nobody can search for one."""
    return "\x00" not in token.code and "\x00" not in token.system


def _spans(kind: ResourceType, body: Json) -> Iterator[Span]:
    for param in kind.params.values():
        if param.dates and param is not kind.date:
            bounds = param.dates(body)
            if bounds is not None:
                yield Span(param.name, *bounds)


def _measures(kind: ResourceType, body: Json) -> Iterator[tuple[str, Amount]]:
    for param in kind.params.values():
        for amount in param.amounts(body) if param.amounts else ():
            if "\x00" not in amount.system + amount.code + amount.unit:
                yield param.name, amount


def _wordings(kind: ResourceType, body: Json) -> Iterator[Wording]:
    for param in kind.params.values():
        if isinstance(param.values, Codings) and kind.wording(param.name) == param.name:
            for text in param.values.texts(body):
                if text and "\x00" not in text:
                    yield Wording(param.name, text[:MAX_TEXT])


def _patient_id(kind: ResourceType, body: Json) -> str | None:
    if kind.patient is None:
        return None
    if kind.patient == "id":
        return str(body["id"])
    for reference in extract.elements(body, f"{kind.patient}.reference"):
        target, _, name = str(reference).rpartition("/")
        if target == "Patient":
            return name
    return None
