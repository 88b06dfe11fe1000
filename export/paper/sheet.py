"""What is put on ECG paper: samples, marks, and the words around them."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from core.holter.digest import Bins, Minute

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
    """An R peak at ``sample`` of the strip; ``label`` is N, S, V, F, Q (EC57), A or ?."""

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
class Excerpt:
    """A strip among others on a page: what it shows, and where in it the episode lies.

    ``marked`` are samples [start, stop) of the strip, which may reach beyond it.
    """

    strip: Strip
    told: str
    marked: tuple[int, int] | None = None


Rows = tuple[tuple[str, str], ...]
"""Names and values."""


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """The episodes of one kind in words, a cell each; ``began``: the longest."""

    kind: str
    count: str
    total: str
    share: str
    longest: str
    fastest: str
    began: str
    unverified: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a session's report says before its strips.

    ``findings`` are statements of the software; ``tables`` have a heading and rows; ``kinds``
    are the kinds of rhythm to draw over time, in words by their name in ``minutes``.
    """

    title: str
    patient: Patient
    period: str
    device: str
    status: str
    findings: tuple[str, ...]
    tables: tuple[tuple[str, Rows], ...]
    episodes: tuple[EpisodeRow, ...]
    alerts: tuple[tuple[str, str, str], ...]
    minutes: tuple[Minute, ...]
    rates: Bins
    rr: Bins
    kinds: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()
