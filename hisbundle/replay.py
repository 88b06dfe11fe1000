"""A record sent down the whole road, and what the hospital then reads of it over FHIR.

Every figure of the summary is read back through the FHIR API, as an EHR would; only the
reference annotations come from the record itself (matching: ANSI/AAMI EC57, 150 ms).
"""

import asyncio
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import Incorrect, Unavailable
from hisbundle.fhir_reader import FhirReader, Heartbeat, Totals
from model.ec57 import reference_beats, score_beats
from simulator.record import record_path
from simulator.run import Sent, simulate
from simulator.source import Simulation

_LOOK_EVERY_S = 0.3
_ROUNDING_S = 0.01


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What ``hisbundle replay --json`` prints; shares are 0 to 1, rates per minute.

    ``r_peak_sensitivity`` and ``r_peak_ppv`` are None for a record without annotations.
    """

    record: str
    device: str
    report: str
    chunks_sent: int
    chunks_stored: int
    r_peak_sensitivity: float | None
    r_peak_ppv: float | None
    heart_rate_mean: float | None
    heart_rate_min: float | None
    heart_rate_max: float | None
    beats: dict[str, int]
    flags: list[dict[str, str]]
    signal_seconds: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


async def replay(plan: Simulation, timeout_s: float) -> ReplaySummary:
    """Send ``plan.record`` and read the result back.

    Raises NotFound for a record that is not there, Unavailable if the service does not come to
    an end with it within ``timeout_s`` seconds after the last chunk was stored.
    """
    if plan.record is None:
        raise Incorrect("a replay needs a record")
    started = time.monotonic()
    sent = await simulate(plan)
    async with FhirReader(plan.base_url, plan.token) as reader:
        totals = await _analysed(reader, sent, timeout_s)
        beats = await reader.heartbeats(totals.patient, sent.session_id)
        flags = await reader.flags(totals.patient)
    sensitivity, ppv = _against_reference(plan.record, plan.seconds, totals, beats)
    return ReplaySummary(
        record=plan.record.name,
        device=f"Device/{sent.device_id}",
        report=totals.report,
        chunks_sent=sent.chunks_sealed,
        chunks_stored=totals.chunks_stored,
        r_peak_sensitivity=sensitivity,
        r_peak_ppv=ppv,
        heart_rate_mean=totals.heart_rate_mean,
        heart_rate_min=totals.heart_rate_min,
        heart_rate_max=totals.heart_rate_max,
        beats={"total": len(beats)} | dict(Counter(beat.label for beat in beats)),
        flags=flags,
        signal_seconds=totals.analysed_s,
        seconds=round(time.monotonic() - started, 2),
    )


async def _analysed(reader: FhirReader, sent: Sent, timeout_s: float) -> Totals:
    """The session's totals once they cover every chunk and every sample."""
    deadline = time.monotonic() + timeout_s
    totals: Totals | None = None
    while time.monotonic() < deadline:
        totals = await reader.totals(sent.device_id, sent.session_id)
        if totals is not None and _covers(totals, sent):
            return totals
        await asyncio.sleep(_LOOK_EVERY_S)
    raise Unavailable(f"analysis is not through after {timeout_s:.0f} s; last seen: {totals}")


def _covers(totals: Totals, sent: Sent) -> bool:
    whole = totals.chunks_stored >= sent.chunks_sealed
    return whole and totals.analysed_s >= sent.signal_s - _ROUNDING_S


def _against_reference(
    record: Path, seconds: float | None, totals: Totals, beats: list[Heartbeat]
) -> tuple[float | None, float | None]:
    """Sensitivity and positive predictivity of the R peaks, or None without annotations."""
    reference = reference_beats(record_path(record), seconds)
    if reference is None:
        return None, None
    found_s = [(beat.at - totals.started_at).total_seconds() for beat in beats]
    score = score_beats(reference, found_s)
    return score.sensitivity, score.positive_predictivity
