"""Single search parameters as sent to clauses (https://hl7.org/fhir/R4/search.html#ptypes)."""

import re
from datetime import UTC, datetime, timedelta

from core.errors import Incorrect
from fhir.search.params import Kind, ResourceType, SearchParam
from fhir.search.values import date_range, fold, same_system
from store.criteria import (
    Clause,
    DateClause,
    DateTest,
    IdClause,
    PatientClause,
    Prefix,
    TextClause,
    TokenClause,
    TokenValue,
)
from store.index import FOREVER, NO_DATE

MAX_VALUES = 200
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"(?:(?P<type>[A-Z][A-Za-z]{1,63})/)?(?P<id>[A-Za-z0-9\-.]{1,64})")
_PREFIXES = {prefix.value: prefix for prefix in Prefix}


class UnknownParameter(Incorrect):
    """A parameter, or a modifier of one, that the type does not have."""


def clause(kind: ResourceType, name: str, value: str, base: str) -> Clause:
    """What ``name=value`` asks of a resource of ``kind``.

    Raises UnknownParameter for the name or its modifier, Incorrect for the value.
    """
    plain, _, modifier = name.partition(":")
    param = kind.params.get(plain)
    if modifier and (param is None or modifier not in param.targets):
        raise UnknownParameter(f"{kind.name} has no search parameter {name[:80]!r}")
    alternatives = split(value, ",")
    if len(alternatives) > MAX_VALUES or not all(alternatives):
        raise Incorrect(f"1 to {MAX_VALUES} values, none of them empty, please")
    if plain == "_id":
        return IdClause(tuple(_id(text) for text in alternatives))
    if plain == "_lastUpdated":
        return DateClause(tuple(_date(text) for text in alternatives), last_updated=True)
    if param is None:
        raise UnknownParameter(f"{kind.name} has no search parameter {name[:80]!r}")
    return _typed(kind, param, modifier or None, alternatives, base)


def _typed(
    kind: ResourceType, param: SearchParam, target: str | None, alternatives: list[str], base: str
) -> Clause:
    match param.kind:
        case Kind.DATE:
            return DateClause(tuple(_date(text) for text in alternatives))
        case Kind.STRING:
            return TextClause(param.name, tuple(_text(text) for text in alternatives))
        case Kind.URI:
            return TokenClause(
                param.sources, tuple(TokenValue(unescape(text)) for text in alternatives)
            )
        case Kind.QUANTITY:
            raise UnknownParameter(f"{kind.name} cannot be searched by {param.name} so far")
        case Kind.TOKEN:
            return _tokens(kind, param, tuple(_token(text) for text in alternatives))
        case Kind.REFERENCE:
            fallback = target or param.targets[0]
            found = [_reference(fallback, text, base) for text in alternatives]
            return _references(kind, param, found)


def split(value: str, separator: str) -> list[str]:
    r"""Parts of a value at a separator that no backslash precedes; escapes stay."""
    parts = [""]
    escaped = False
    for character in value:
        if character == separator and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def unescape(value: str) -> str:
    r"""A value without the backslashes of ``\,``, ``\|``, ``\$`` and ``\\``."""
    return re.sub(r"\\([,|$\\])", r"\1", value)


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Incorrect(f"not an id: {text[:80]!r}")
    return text


def _text(text: str) -> str:
    folded = fold(unescape(text))
    if not folded:
        raise Incorrect("an empty text")
    return folded


def _token(text: str) -> TokenValue:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise Incorrect(f"not a token: {text[:80]!r}")
    if len(parts) == 1:
        return TokenValue(parts[0])
    return TokenValue(parts[1] or None, same_system(parts[0]))


def _tokens(kind: ResourceType, param: SearchParam, values: tuple[TokenValue, ...]) -> TokenClause:
    filters = tuple(name for name in param.sources if not kind.params[name].leads)
    leading = tuple(name for name in param.sources if name not in filters)
    return TokenClause(leading, values, filters)


def _references(kind: ResourceType, param: SearchParam, found: list[tuple[str, str]]) -> Clause:
    patients = tuple(name for target, name in found if target == "Patient")
    if not patients:
        return _tokens(kind, param, tuple(TokenValue("/".join(pair)) for pair in found))
    if len(patients) < len(found):
        raise Incorrect("patients and others cannot be alternatives")
    return PatientClause(patients)


def _reference(fallback: str, text: str, base: str) -> tuple[str, str]:
    match = _REFERENCE.fullmatch(unescape(text).removeprefix(f"{base}/"))
    if match is None:
        raise Incorrect(f"not a reference to this server: {text[:80]!r}")
    return match["type"] or fallback, match["id"]


def _date(text: str) -> DateTest:
    prefix = _PREFIXES.get(text[:2])
    # A plus sign that was not escaped in a URL arrives as a space.
    low, high = date_range((text if prefix is None else text[2:]).replace(" ", "+"))
    if prefix is Prefix.AP:
        low, high = _widened(low, high)
    return DateTest(prefix or Prefix.EQ, low, high)


def _widened(low: datetime, high: datetime) -> tuple[datetime, datetime]:
    """By a tenth of the distance to now, as the specification recommends for ``ap``."""
    margin = abs(datetime.now(UTC) - low) / 10
    margin = min(margin, low - NO_DATE, FOREVER - high, key=timedelta.total_seconds)
    return low - margin, high + margin
