"""A code, a unit, a concept: what the tables of codes are made of."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

BASE = "https://hisbundle.org/fhir"
"""Root of our canonicals; it identifies and need not resolve."""

LOCAL = f"{BASE}/CodeSystem/ecg"
MDC = "urn:iso:std:iso:11073:10101"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Code:
    """A code; ``source`` is where it was seen, or the definition of a local code."""

    system: str
    code: str
    display: str
    source: str

    @property
    def coding(self) -> Json:
        """As FHIR Coding."""
        return {"system": self.system, "code": self.code, "display": self.display}


@dataclass(frozen=True, slots=True)
class Unit:
    """A UCUM unit and what a reader calls it."""

    code: str
    name: str


def concept(*codes: Code, text: str | None = None) -> Json:
    """A CodeableConcept: translations of one concept; ``text`` where it says more than those."""
    coded: Json = {"coding": [code.coding for code in codes]}
    return coded | {"text": text} if text else coded


def local(code: str, display: str, definition: str) -> Code:
    """A code of our own; its definition stands in the code system."""
    return Code(LOCAL, code, display, definition)
