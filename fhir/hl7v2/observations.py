"""Observations as OBX segments: a value each, and a segment for each component.

http://www.hl7.eu/HL7v2x/v251/std251/ch07.html#Heading73
"""

from collections.abc import Iterator

from fhir.hl7v2.fields import coded, text, time, unit
from fhir.values import Json

# Table 0085, and FHIR's https://hl7.org/fhir/R4/valueset-observation-status.html
STATUSES = {
    "registered": "I",
    "partial": "P",
    "preliminary": "P",
    "final": "F",
    "amended": "C",
    "corrected": "C",
    "appended": "C",
    "cancelled": "X",
    "entered-in-error": "W",
}
_WITHOUT_STATUS = "F"
_YES_NO = {True: "Y^Yes^HL70136", False: "N^No^HL70136"}

Fields = dict[int, str]
"""A segment's fields by their numbers."""


def observed(observation: Json, group: int) -> Iterator[Fields]:
    """The OBX fields of one Observation but for OBX-1; ``group`` holds them together in OBX-4.

    Waveforms have no place in an OBX of numbers; they are left to FHIR and to the files.
    """
    period = observation.get("effectivePeriod", {})
    method = text(observation.get("method", {}).get("text", ""))
    shared = {
        11: STATUSES.get(observation.get("status", ""), _WITHOUT_STATUS),
        14: time(observation.get("effectiveDateTime") or period.get("start", "")),
        17: f"^{method}" if method else "",
    }
    for number, part in enumerate((observation, *observation.get("component", []))):
        value = _value(part)
        if value is not None:
            interpretations = part.get("interpretation", [])
            flags = [c.get("code", "") for i in interpretations for c in i.get("coding", [])[:1]]
            place = {3: coded(part["code"]), 4: f"{group}.{number}" if number else str(group)}
            yield place | value | {8: "~".join(map(text, flags))} | shared


def _value(part: Json) -> Fields | None:
    """Type, value and unit: OBX-2, OBX-5, OBX-6."""
    if "valueQuantity" in part:
        quantity = part["valueQuantity"]
        if "value" not in quantity:
            return None
        return {2: "NM", 5: str(quantity["value"]), 6: unit(quantity)}
    if "valueInteger" in part:
        return {2: "NM", 5: str(part["valueInteger"]), 6: ""}
    if "valueCodeableConcept" in part:
        return {2: "CE", 5: coded(part["valueCodeableConcept"]), 6: ""}
    if "valueBoolean" in part:
        return {2: "CE", 5: _YES_NO[part["valueBoolean"]], 6: ""}
    if "valueDateTime" in part:
        return {2: "TS", 5: time(part["valueDateTime"]), 6: ""}
    if "valueString" in part:
        return {2: "TX", 5: text(part["valueString"]), 6: ""}
    return None
