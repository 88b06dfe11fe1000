"""What an EHR reads of one monitoring session: totals, heartbeats, flags (FHIR R4 search)."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from core.errors import Unavailable
from fhir import codes

PAGE = 200
_TIMEOUT_S = 60.0
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """A session's summary Observation, in numbers; rates per minute, times in seconds."""

    patient: str
    report: str
    started_at: datetime
    chunks_stored: int
    analysed_s: float
    heart_rate_mean: float | None
    heart_rate_min: float | None
    heart_rate_max: float | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One R peak as published: when, and ``normal``, ``abnormal`` or ``unclassified``."""

    at: datetime
    label: str


class FhirReader:
    """A small FHIR client. Raises Unavailable for any answer that is not the one asked for."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
        self._client = httpx.AsyncClient(
            base_url=f"{base_url}/fhir/", headers=headers, timeout=_TIMEOUT_S
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def search(self, resource_type: str, **parameters: str) -> AsyncGenerator[Resource]:
        """All matches, page by page (``_count``), by the ``next`` links."""
        url: str | None = resource_type
        query: dict[str, str] | None = {"_count": str(PAGE)} | parameters
        while url is not None:
            bundle = await self._get(url, query)
            for entry in bundle.get("entry", []):
                yield entry["resource"]
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            url, query = links.get("next"), None

    async def totals(self, device_id: str, session_id: str) -> Totals | None:
        """The totals of a session (id in hex) of a device; None before there are any."""
        study = f"{codes.HOLTER_STUDY.system}|{codes.HOLTER_STUDY.code}"
        async for found in self.search("Observation", device=f"Device/{device_id}", code=study):
            if session_id in found["identifier"][0]["value"]:
                return await self._totals(found)
        return None

    async def heartbeats(self, patient: str, session_id: str) -> list[Heartbeat]:
        """The beats of a patient's session, in order of time."""
        code = f"{codes.LOCAL}|{codes.BEAT_CLASSIFICATION.code}"
        beats = [
            _heartbeat(component)
            async for found in self.search("Observation", patient=patient, code=code)
            if session_id in found["identifier"][0]["value"]
            for component in found["component"]
            if _code(component) == codes.R_PEAK.code
        ]
        return sorted(beats, key=lambda beat: beat.at)

    async def flags(self, patient: str) -> list[dict[str, str]]:
        """The patient's flags: what, status, since when, until when."""
        return [
            {
                "code": found["code"]["text"],
                "status": found["status"],
                "start": found["period"]["start"],
                "end": found["period"].get("end", ""),
            }
            async for found in self.search("Flag", patient=patient)
        ]

    async def _totals(self, summary: Resource) -> Totals:
        values = {_code(component): _value(component) for component in summary["component"]}
        patient = summary["subject"]["reference"]
        reports = [
            found["id"]
            async for found in self.search("DiagnosticReport", patient=patient)
            if f"Observation/{summary['id']}" in (r["reference"] for r in found["result"])
        ]
        return Totals(
            patient=patient,
            report=f"DiagnosticReport/{reports[0]}" if reports else "",
            started_at=datetime.fromisoformat(summary["effectivePeriod"]["start"]),
            chunks_stored=int(values[codes.CHUNKS_STORED.code]),
            analysed_s=values[codes.ANALYSED_TIME.code],
            heart_rate_mean=values.get(codes.RATE_MEAN.code),
            heart_rate_min=values.get(codes.RATE_MIN.code),
            heart_rate_max=values.get(codes.RATE_MAX.code),
        )

    async def _get(self, url: str, query: dict[str, str] | None) -> Resource:
        try:
            response = await self._client.get(url, params=query)
            response.raise_for_status()
            body: Resource = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"FHIR server: {error}") from error
        return body


def _code(component: Resource) -> str:
    return str(component["code"]["coding"][0]["code"])


def _value(component: Resource) -> float:
    if "valueQuantity" in component:
        return float(component["valueQuantity"]["value"])
    return float(component["valueInteger"])


def _heartbeat(component: Resource) -> Heartbeat:
    told = component.get("interpretation")
    verdict = told[0]["coding"][0]["code"] if told else ""
    labels = {codes.NORMAL.code: "normal", codes.ABNORMAL.code: "abnormal"}
    return Heartbeat(
        datetime.fromisoformat(component["valueDateTime"]), labels.get(verdict, "unclassified")
    )
