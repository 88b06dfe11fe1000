"""What the demo shows: each patient's state over FHIR, and queries to paste."""

from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

HEART_RATE = "http://loinc.org|8867-4"
IDENTIFIER_SYSTEM = "urn:hisbundle:simulated-patient"
Json = dict[str, Any]


class HeartRates:
    """Reads the demo's patients as an EHR would; ``async with`` closes the client.

    Only heart rates from ``since`` on count.
    """

    def __init__(self, base_url: str, token: str, since: datetime) -> None:
        self._since = since.isoformat(timespec="milliseconds")
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=f"{base_url}/fhir", headers=headers, timeout=10)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self._client.aclose()

    async def lines(self, names: list[str]) -> dict[str, str]:
        """Patient ids and a line on each of them, for those who have a heart rate."""
        found: dict[str, str] = {}
        for name in names:
            token = f"{IDENTIFIER_SYSTEM}|{name}"
            for patient in await self._search("Patient", identifier=token):
                line = await self._line(name, patient["id"])
                if line is not None:
                    found[patient["id"]] = line
        return found

    async def _line(self, name: str, patient_id: str) -> str | None:
        rates = await self._search(
            "Observation",
            patient=patient_id,
            code=HEART_RATE,
            date=f"ge{self._since}",
            _sort="-date",
            _count="1",
        )
        values = [rate["valueQuantity"]["value"] for rate in rates if "valueQuantity" in rate]
        if not values:
            return None
        flags = await self._search("Flag", patient=patient_id, status="active")
        told = (
            ", ".join(sorted({flag["code"]["text"].partition(":")[0] for flag in flags}))
            or "no flags"
        )
        return f"{name:14} {values[0]:>5} /min   {told}"

    async def _search(self, kind: str, **params: str) -> list[Json]:
        answer = await self._client.get(f"/{kind}", params=params)
        answer.raise_for_status()
        return [entry["resource"] for entry in answer.json().get("entry", [])]


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
