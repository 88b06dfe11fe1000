"""Two patients and what is known of them, and what belongs to nobody."""

from typing import Any

from fhir.values import Json, reference
from tests.api.bulk.support import group, member
from tests.api.support import flag, heart_rate, patient

PEOPLE = ("p1", "p2", "p3")
CODED = {"text": "x"}


def _of(person: str) -> list[Json]:
    n = person[1:]
    subject = reference("Patient", person)
    return [
        patient(person),
        heart_rate(f"o{n}a", person, 1)
        | {"performer": [reference("Practitioner", "doc")], "hasMember": [_other(n)]},
        heart_rate(f"o{n}b", person, 2) | {"category": [{"coding": [{"code": "x"}]}]},
        flag(f"f{n}", person, "active", "2026-03-01"),
        {
            "resourceType": "DiagnosticReport", "id": f"r{n}", "status": "final", "code": CODED,
            "subject": subject, "result": [reference("Observation", f"o{n}a"), _other(n)],
        },
        {
            "resourceType": "Encounter", "id": f"e{n}", "status": "finished", "subject": subject,
            "class": {"code": "AMB"},
            "participant": [{"individual": reference("Practitioner", "doc")}],
        },
        {"resourceType": "Device", "id": f"d{n}", "patient": subject},
    ]  # fmt: skip


def _other(n: str) -> Json:
    """What ties one patient to the next."""
    return reference("Observation", f"o{int(n) % 3 + 1}b")


NOBODYS: list[Json] = [
    {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Hart"}]},
    {"resourceType": "Device", "id": "spare"},
    group("g", *(member(person) for person in PEOPLE)),
]
WORLD: list[Json] = [*(body for person in PEOPLE for body in _of(person)), *NOBODYS]
OWNER: dict[tuple[str, str], str | None] = {
    (body["resourceType"], body["id"]): person for person in PEOPLE for body in _of(person)
} | {(body["resourceType"], body["id"]): None for body in NOBODYS}


def keys(bundle: Json) -> set[tuple[str, str]]:
    """What a Bundle shows, by type and id; of deletions, too."""
    found = set()
    for entry in bundle.get("entry", []):
        told: Any = entry.get("resource", {})
        if told.get("resourceType") not in (None, "OperationOutcome"):
            found.add((told["resourceType"], told["id"]))
        elif "fullUrl" in entry:
            type_, id_ = entry["fullUrl"].split("/")[-2:]
            found.add((type_, id_))
    return found


def owners(bundle: Json) -> set[str | None]:
    """Whose data a Bundle shows."""
    return {OWNER[key] for key in keys(bundle)}
