"""Media types of FHIR: which form a client asks for (https://hl7.org/fhir/R4/http.html#mime-type).

``_format`` counts before ``Accept``. In ``Accept`` the greatest q-value counts, then what is
named rather than covered by a wildcard, then what stands first, then JSON; browsers, which list
XML for pages of their own, get JSON.
"""

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache


class Form(Enum):
    """A form of FHIR; the value is the Content-Type of an answer in it."""

    JSON = "application/fhir+json; charset=utf-8"
    XML = "application/fhir+xml; charset=utf-8"


_NAMES = {
    name: form
    for form, short in ((Form.JSON, "json"), (Form.XML, "xml"))
    for name in (short, f"text/{short}", f"application/{short}", f"application/fhir+{short}")
}
_WILDCARDS = ("*/*", "application/*")
_PAGES = {"text/html", "application/xhtml+xml"}
_CHARSETS = {"utf-8", "utf8", "us-ascii"}
_VERSIONS = {"4.0", "4.0.1"}
_Q = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)


def bare(media_type: str) -> str:
    """A media type without its parameters; a + may have become a space in a URL."""
    return media_type.partition(";")[0].strip().lower().replace(" ", "+")


def named(media_type: str) -> Form | None:
    """The form that a value of ``_format``, ``Accept`` or ``Content-Type`` names, or None.

    Another charset than UTF-8 or another version of FHIR names none.
    """
    return _NAMES.get(bare(media_type)) if _is_ours(media_type) else None


@lru_cache(maxsize=256)
def wanted(accept: str | None, format_: str | None) -> Form | None:
    """The form to answer in; None where neither will do (406)."""
    if format_ is not None:
        return named(format_) or (Form.JSON if bare(format_) in _WILDCARDS else None)
    items = [item for item in (accept or "*/*").split(",") if item.strip()] or ["*/*"]
    ranked = {form: max(_ranks(items, form), default=(0.0,)) for form in Form}
    fitting = [form for form in Form if ranked[form][0] > 0]
    if len(fitting) == 2 and _PAGES & {bare(item) for item in items}:
        return Form.JSON
    return max(fitting, key=lambda form: ranked[form], default=None)


def _ranks(items: list[str], form: Form) -> Iterator[tuple[float, ...]]:
    """(q, how plainly, how early) of what names ``form``, or else of the narrower wildcard."""
    exact = [number for number, item in enumerate(items) if named(item) is form]
    for fit in (exact, *([n for n, item in enumerate(items) if _covers(item, wildcard)]
                         for wildcard in reversed(_WILDCARDS))):  # fmt: skip
        if fit:
            yield from ((_q(items[n]), float(fit is exact), -float(n)) for n in fit)
            return


def _covers(item: str, wildcard: str) -> bool:
    return bare(item) == wildcard and _is_ours(item)


def _q(item: str) -> float:
    q = _parameters(item).get("q", "1")
    return float(q) if _Q.fullmatch(q) else 1.0


def _is_ours(media_type: str) -> bool:
    given = _parameters(media_type)
    return given.get("charset", "utf-8").lower() in _CHARSETS and (
        given.get("fhirversion", "4.0") in _VERSIONS
    )


def _parameters(media_type: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in media_type.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
