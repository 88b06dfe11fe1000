"""A small hospital for random searches: every value shared by some resources, missing in others."""

from datetime import timedelta

from fhir.codes import HEART_RATE, LOINC, SIGNAL_QUALITY, UCUM, Code, concept
from fhir.values import Json, instant, reference
from tests.api.support import START

A, B = Code("urn:a", "1", "Sinus rhythm", ""), Code("urn:a", "2", "Résting pulse", "")
C, D = Code("urn:b", "1", "Rhythm strip", ""), Code("urn:d", "9", "Limb lead", "")
CODES = (A, B, C, HEART_RATE, SIGNAL_QUALITY)
CATEGORIES = (Code("urn:cat", "x", "X", ""), Code("urn:cat", "y", "Y", ""))
STATUSES = ("final", "preliminary", "amended")
UNITS = ((UCUM, "/min", "beats/minute"), (UCUM, "ms", "ms"), (UCUM, "mV", "mV"))
STRINGS = ("Größe", "große Sache", "GROSSE  sache", "50%_of", "Éclair", "eclair")
FAMILIES = ("Müller", "Muller", "O'Neil", "mull", None, "Öz Türk")


def _patient(n: int) -> Json:
    body: Json = {
        "resourceType": "Patient",
        "id": f"p{n}",
        "identifier": [{"system": "urn:mrn", "value": f"M{n}"}],
        "gender": ("male", "female", "other")[n % 3],
    }
    if FAMILIES[n] is not None:
        body["name"] = [{"family": FAMILIES[n], "given": [f"Given{n}", "Ann"]}]
    if n % 2:
        body["birthDate"] = ("1970-05-17", "1980-01", "1990")[n // 2]
    if n in (2, 4):
        body["deceasedDateTime"] = f"2026-0{n}-01"
    if n != 3:
        body["generalPractitioner"] = [reference("Practitioner", f"gp{n % 2}")]
    return body


def _device(n: int) -> Json:
    body: Json = {
        "resourceType": "Device",
        "id": f"d{n}",
        "identifier": [{"system": "urn:serial", "value": f"S{n}"}],
        "status": ("active", "inactive")[n % 2],
    }
    return body | ({"patient": reference("Patient", f"p{n}")} if n else {})


def _practitioner(n: int) -> Json:
    return {"resourceType": "Practitioner", "id": f"gp{n}", "name": [{"family": f"Doctor{n}"}]}


def _observation(n: int) -> Json:
    body: Json = {
        "resourceType": "Observation",
        "id": f"o{n:02}",
        "identifier": [{"system": "urn:test", "value": f"I{n % 20}"}],
        "status": STATUSES[n % 7 % 3],
        "code": concept(*[code for k, code in enumerate(CODES) if (n // 2 + k) % 4 == 0]),
        "category": [concept(code) for k, code in enumerate(CATEGORIES) if (n + k) % 3],
    }
    if not body["code"]["coding"]:
        body["code"] = {"text": ("Rhythm only in words", "pulse")[n % 2]}
    if not body["category"]:
        del body["category"]
    _about(body, n)
    _valued(body, n)
    return body


def _about(body: Json, n: int) -> None:
    if n % 9 == 4:
        body["subject"] = reference("Device", f"d{n % 3}")
    elif n % 13 == 5:
        body["subject"] = {"identifier": {"system": "urn:mrn", "value": f"M{n % 6}"}}
    elif n % 17 != 3:
        body["subject"] = reference("Patient", f"p{n % 6}")
    if n % 5:
        body["device"] = reference("Device", f"d{n % 4}")
    start = START + timedelta(minutes=(n * 7) % 30)
    if n % 11 == 1:
        body["effectiveDateTime"] = ("2026-03", "2026-03-01", "2025")[n % 3]
    elif n % 11:
        end = start + timedelta(minutes=(0, 1, 5, 90)[n % 4])
        body["effectivePeriod"] = {"start": instant(start), "end": instant(end)}
    if n % 10 == 7:
        body["component"] = [{"code": concept(D)}]


def _valued(body: Json, n: int) -> None:
    match n % 4:
        case 0:
            system, code, unit = UNITS[n % 3]
            quantity: Json = {"value": (72, 71.6, 72.4, 100, 0.5, -3)[n // 4 % 6], "unit": unit}
            body["valueQuantity"] = quantity | ({"system": system, "code": code} if system else {})
        case 1:
            body["valueString"] = STRINGS[n // 4 % len(STRINGS)]
        case 2:
            body["valueDateTime"] = ("2026-02-03", "2026-02", "2025-12-31")[n // 4 % 3]


PATIENTS = [_patient(n) for n in range(6)]
OBSERVATIONS = [_observation(n) for n in range(72)]
DOCUMENTS: list[Json] = [
    {
        "resourceType": "DocumentReference",
        "id": f"f{n}",
        "status": "current",
        "subject": reference("Patient", f"p{n}"),
        "content": [{"attachment": {"url": f"urn:file:{n // 2}", "contentType": "text/plain"}}],
        "type": {"coding": [{"system": LOINC, "code": "1"}], "text": f"File {n}"},
    }
    for n in range(6)
]
WORLD = [
    *PATIENTS,
    *(_device(n) for n in range(4)),
    *(_practitioner(n) for n in range(2)),
    *OBSERVATIONS,
    *DOCUMENTS,
]
"""All resources, as they are stored."""
