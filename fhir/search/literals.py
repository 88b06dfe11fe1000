"""Values of search parameters as sent (https://hl7.org/fhir/R4/search.html#escaping)."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.errors import Incorrect
from fhir.search.quantities import half_digit, number
from fhir.search.values import MAX_TEXT, date_range, fold, same_system
from store.criteria import AmountTest, DateTest, Prefix, TokenValue
from store.index import FOREVER, NO_DATE

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"(?:(?P<type>[A-Z][A-Za-z]{1,63})/)?(?P<id>[A-Za-z0-9\-.]{1,64})")
_PREFIXES = {prefix.value: prefix for prefix in Prefix}


def split(value: str, separator: str) -> list[str]:
    r"""Parts of a value at a separator that no backslash precedes; escapes stay."""
    if "\\" not in value:
        return value.split(separator)
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


def id_(text: str) -> str:
    """A logical id. Raises Incorrect if it can be none."""
    if not _ID.fullmatch(text):
        raise Incorrect(f"not an id: {text[:80]!r}")
    return text


def folded(text: str) -> str:
    """A text as the index has it. Raises Incorrect where nothing is left of it."""
    found = fold(unescape(text))[:MAX_TEXT]
    if not found:
        raise Incorrect("an empty text")
    return found


def truth(text: str) -> bool:
    """``true`` or ``false``. Raises Incorrect for anything else."""
    if text not in ("true", "false"):
        raise Incorrect("true or false, please")
    return text == "true"


def token(text: str) -> TokenValue:
    """``code``, ``system|code``, ``system|`` or ``|code``. Raises Incorrect for anything else."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise Incorrect(f"not a token: {text[:80]!r}")
    if len(parts) == 1:
        return TokenValue(parts[0])
    return TokenValue(parts[1] or None, same_system(parts[0]))


def reference(fallback: str, text: str, base: str) -> tuple[str, str]:
    """Type and id of ``id``, ``Type/id`` or a URL of the server at ``base``.

    Raises Incorrect for a reference elsewhere, or to a version.
    """
    plain = unescape(text).removeprefix(f"{base}/")
    if "/_history/" in plain:
        raise Incorrect("a reference to one version; name the resource alone")
    match = _REFERENCE.fullmatch(plain)
    if match is None:
        raise Incorrect(f"not a reference to this server: {text[:80]!r}")
    return match["type"] or fallback, match["id"]


def date(text: str) -> DateTest:
    """A date of any precision with its prefix. Raises Incorrect for what is none."""
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


def amount(text: str) -> AmountTest:
    """``number``, ``number|system|code`` or ``number||code``, each with its prefix.

    The number's last digit is its precision: 72 is what lies from 71.5 to 72.5. Raises
    Incorrect for anything else.
    """
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise Incorrect(f"number, number|system|code or number||code, please: not {text[:80]!r}")
    prefix = _PREFIXES.get(parts[0][:2])
    # A plus sign that was not escaped in a URL arrives as a space.
    written = (parts[0] if prefix is None else parts[0][2:]).replace(" ", "+")
    value = number(written)
    margin = half_digit(value)
    if prefix is Prefix.AP:
        margin = max(margin, abs(value) * Decimal("0.1"))
    system, code = parts[1:] if len(parts) > 1 else ("", "")
    test = (prefix or Prefix.EQ, value, value - margin, value + margin)
    return AmountTest(*test, system or None, code or None)
