r"""FHIR data types as fields of HL7 v2.5.1.

Chapter 2A, http://www.hl7.eu/HL7v2x/v251/std251/ch02a.html. Every function
gives ER7 text, escaped; separators are the usual ones (``|^~\&``).
"""

import re
from collections.abc import Iterable
from datetime import date, datetime

from fhir import codes
from fhir.values import Json

# The library's own would write letters beyond ASCII in hexadecimal; ours go out as UTF-8.
_ESCAPES = str.maketrans(
    {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\", "\n": "\\.br\\"}
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Table 0396, https://terminology.hl7.org/CodeSystem-v2-0396.html; what is not listed is local.
_CODE_SYSTEMS = {
    codes.LOINC: "LN",
    codes.MDC: "MDC",
    codes.SNOMED: "SCT",
    codes.UCUM: "UCUM",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": "HL70078",
}
LOCAL = "99HIS"


def text(value: object) -> str:
    """Any text, its separators escaped; a line end is ``.br``, another control character blank."""
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(" ", lines).translate(_ESCAPES)


def joined(separator: str, parts: Iterable[str]) -> str:
    """Parts that are escaped already, less the empty ones at the end."""
    return separator.join(parts).rstrip(separator)


def time(value: str) -> str:
    """A FHIR instant, dateTime or date as TS: with its zone and no more digits than it has."""
    if not value:
        return ""
    if "T" not in value:
        return value.replace("-", "")
    moment = datetime.fromisoformat(value)
    fraction = f".{moment.microsecond // 1000:03}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}{moment:%z}"


def day(value: str) -> str:
    """A birth date as DT; the part that is known."""
    try:
        return f"{date.fromisoformat(value):%Y%m%d}"
    except ValueError:
        return value.replace("-", "") if re.fullmatch(r"\d{4}(-\d\d)?", value) else ""


def coded(concept: Json) -> str:
    """A CodeableConcept as CE: two codings, or its words."""
    parts: list[str] = []
    for coding in concept.get("coding", [])[:2]:
        display = coding.get("display") or concept.get("text", "")
        system = _CODE_SYSTEMS.get(coding.get("system", ""), LOCAL)
        parts += [text(coding.get("code", "")), text(display), system]
    return joined("^", parts or ["", text(concept.get("text", ""))])


def unit(quantity: Json) -> str:
    """A Quantity's unit as CE: UCUM where it is coded."""
    code = str(quantity.get("code", ""))
    if not code:
        return joined("^", ["", text(quantity.get("unit", ""))])
    return joined("^", [text(code), text(quantity.get("unit", code)), "UCUM"])


def identifier(given: Json) -> str:
    """An Identifier as CX: value, who assigns it (an OID or URI), and its type."""
    system = str(given.get("system", ""))
    oid = system.removeprefix("urn:oid:")
    of_type = "ISO" if oid != system else "URI"
    authority = joined("&", ["", text(oid), of_type]) if system else ""
    coding: Json = next(iter(given.get("type", {}).get("coding", [])), {})
    return joined("^", [text(given.get("value", "")), "", "", authority,
                        text(coding.get("code", "PI"))])  # fmt: skip


def name(given: Json) -> str:
    """A HumanName as XPN; one that is only words is a family name."""
    names: list[str] = given.get("given", [])
    first, further = (names[0], names[1:]) if names else ("", [])
    suffix, prefix = given.get("suffix", []), given.get("prefix", [])
    family = given.get("family") or given.get("text", "")
    words = (family, first, *(" ".join(w) for w in (further, suffix, prefix)))
    parts = [text(word.strip()) for word in words]
    return joined("^", [*parts, "", "L"]) if any(parts) else ""
