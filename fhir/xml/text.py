"""Text within XML 1.0: escapes, and what it cannot carry (https://www.w3.org/TR/xml/#charsets)."""

import re

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


def attribute(value: str) -> str:
    """``value`` between quotation marks; a parser gives back the same, line ends included.

    A character that XML has no way to write becomes U+FFFD; FHIR allows none of them either.
    """
    return _ILLEGAL.sub("\ufffd", value).translate(_ESCAPES)
