"""What the demo shows: each patient's state over FHIR, and queries to paste."""

from contextlib import aclosing
from datetime import datetime

from hisbundle.fhir_reader import FhirReader, Resource

HEART_RATE = "http://loinc.org|8867-4"
IDENTIFIER_SYSTEM = "urn:hisbundle:simulated-patient"


async def lines(fhir: FhirReader, names: list[str], since: datetime) -> dict[str, str]:
    """Patient ids and a line on each of them, for those who have a heart rate from ``since`` on."""
    found: dict[str, str] = {}
    for name in names:
        async for patient in fhir.search("Patient", identifier=f"{IDENTIFIER_SYSTEM}|{name}"):
            line = await _line(fhir, name, patient["id"], since)
            if line is not None:
                found[patient["id"]] = line
    return found


async def _line(fhir: FhirReader, name: str, patient: str, since: datetime) -> str | None:
    rates = fhir.search(
        "Observation",
        patient=patient,
        code=HEART_RATE,
        date=f"ge{since.isoformat(timespec='milliseconds')}",
        _sort="-date",
        _count="1",
    )
    async with aclosing(rates):
        newest: Resource = await anext(rates, {})
    if "valueQuantity" not in newest:
        return None
    flags = {flag["code"] for flag in await fhir.flags(patient) if flag["status"] == "active"}
    told = ", ".join(sorted(code.partition(":")[0] for code in flags)) or "no flags"
    return f"{name:14} {newest['valueQuantity']['value']:>5} /min   {told}"


def first_queries(base_url: str, token: str, shown: dict[str, str]) -> str:
    """The demo's screen: state, URLs, and curl lines ready to paste."""
    patient = next(iter(shown))
    fhir = f"{base_url}/fhir"
    curl = 'curl -sH "Authorization: Bearer $TOKEN"'
    queries = (
        f"{fhir}/Patient",
        f"{fhir}/Observation?code=8867-4&_sort=-date&_count=3",
        f"{fhir}/Observation?patient={patient}&_sort=-date&_count=5",
        f"{fhir}/Flag?status=active",
        f"{fhir}/DiagnosticReport?patient={patient}",
    )
    return "\n".join(
        [
            "",
            f"State at {datetime.now().astimezone().strftime('%H:%M:%S')}:",
            *(f"  {line}" for line in shown.values()),
            "",
            f"FHIR R4   {fhir}  ({fhir}/metadata and {base_url}/health need no token)",
            "",
            f"export TOKEN={token}",
            *(f"{curl} '{query}'" for query in queries),
            "",
        ]
    )
