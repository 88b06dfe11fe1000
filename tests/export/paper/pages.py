"""A strip with everything on it."""

from datetime import timedelta, timezone

import numpy as np

from export.paper.sheet import BeatMark, Header, NoSignal, Patient, Report, Strip
from tests.export.samples import STARTED_AT

PATIENT = Patient("Nováková, Jana", "MRN-4711", "1958-07-04")
HEADER = Header(
    title="Alert: fast heart rate",
    patient=PATIENT,
    started_at=STARTED_AT.astimezone(timezone(timedelta(hours=1))),
    device="Device 8f3c8a52-6f0e-4b54-9a59-0c6f6d1f2b11",
    facts=(("Heart rate", "74 /min"), ("Signal quality", "95 %, readable")),
    filter="0.5-40 Hz zero phase",
    remarks=("Quality: gap",),
)
REPORT = Report(
    title="ECG monitoring report",
    patient=PATIENT,
    period="2026-03-01 12:00 to 12:30 UTC",
    device=HEADER.device,
    status="Final report",
    conclusion="Continuous single-lead ECG. " * 10,
    totals=(("Beats", "2950"), ("Lowest heart rate", "61.2 beats/minute")),
    alerts=(("Fast heart rate", "2026-03-01 12:03:11 UTC, still open", "141/min"),) * 20,
    remarks=("Something is left out.",),
)


def strip(n: int = 300, rate_hz: float = 25.0, amplitude: float = 1.0) -> Strip:
    """12 s at a coarse rate, so that a golden page is short."""
    mv = amplitude * np.sin(np.arange(n) / 3)
    mv[n // 2 : n // 2 + n // 10] = np.nan
    return Strip(
        mv=mv,
        rate_hz=rate_hz,
        beats=tuple(BeatMark(n * k // 8, "NA?"[k % 3]) for k in range(1, 8)),
        no_signal=(NoSignal(n // 2, n // 2 + n // 10, "lead off"),),
        header=HEADER,
    )
