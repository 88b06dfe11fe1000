"""What is put on ECG paper: samples, marks, and the words around them."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

MM_PER_S = 25.0
MM_PER_MV = 10.0
DISCLAIMER = "Single lead, automated, not confirmed; not a diagnosis."

Millivolts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Patient:
    """Who it is, in words; empty where it is not known."""

    name: str
    identifier: str
    birth_date: str


@dataclass(frozen=True, slots=True)
class BeatMark:
    """An R peak at ``sample`` of the strip; ``label`` is N, A or ?."""

    sample: int
    label: str


@dataclass(frozen=True, slots=True)
class NoSignal:
    """Samples [start, stop) have no value, and why."""

    start: int
    stop: int
    reason: str


@dataclass(frozen=True, slots=True)
class Header:
    """The words of a strip's page. ``facts`` are shown as name and value, in order."""

    title: str
    patient: Patient
    started_at: datetime
    device: str
    facts: tuple[tuple[str, str], ...]
    filter: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One strip: ``mv`` float64[n] in millivolts, NaN where there is no value."""

    mv: Millivolts
    rate_hz: float
    beats: tuple[BeatMark, ...]
    no_signal: tuple[NoSignal, ...]
    header: Header


@dataclass(frozen=True, slots=True)
class Report:
    """The first page of a session's report."""

    title: str
    patient: Patient
    period: str
    device: str
    status: str
    conclusion: str
    totals: tuple[tuple[str, str], ...]
    alerts: tuple[tuple[str, str, str], ...]
    remarks: tuple[str, ...] = ()
