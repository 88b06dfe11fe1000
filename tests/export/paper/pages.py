"""A strip with everything on it."""

from datetime import timedelta, timezone

import numpy as np

from core.holter.strip import digest
from core.holter.summary import holter
from export.paper.sheet import (
    BeatMark,
    EpisodeRow,
    Excerpt,
    Header,
    NoSignal,
    Patient,
    Report,
    Strip,
)
from tests.core.holter.samples import session
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
HOLTER = holter(digest(session(60)), 480)
REPORT = Report(
    title="Holter report, single-lead ECG",
    patient=PATIENT,
    period="2026-03-01 12:00 to 12:12 UTC",
    device=HEADER.device,
    status="Final report",
    findings=("Continuous single-lead ECG. " * 10, "Heart rate 74/min.", "Automated analysis."),
    tables=(
        ("Heart rate", (("Mean heart rate", "74/min"), ("pNN50", "12.0 %"))),
        ("Beats", (("Beats found", "2950"),)),
    ),
    episodes=(
        EpisodeRow("Bradycardia", "2", "1 min", "8.00 %", "40 s", "", "2026-03-01 12:03:11", "1"),
    ),
    alerts=(("Fast heart rate", "2026-03-01 12:03:11 UTC, still open", "141/min"),) * 20,
    minutes=HOLTER.minutes,
    rates=HOLTER.rates,
    rr=HOLTER.rr,
    kinds=(("bradycardia", "bradycardia"), ("pause", "pause")),
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


def excerpt(n: int = 250, rate_hz: float = 25.0) -> Excerpt:
    """10 s with an episode from 2 s on."""
    return Excerpt(strip(n, rate_hz), "longest of 3: 12.4 s, 24 beats, 183/min", (50, 5000))
