"""One strip, read: quality, rate, spectrum and beats, which the network has yet to judge."""

from dataclasses import dataclass, replace

from analysis.beats import PREPROCESSING_VERSION
from analysis.rhythm.session import Sight, sights
from analysis.session.clock import Instant
from analysis.session.measure import Trace
from analysis.session.segment import Stretch
from analysis.session.verdicts import Model
from analysis.signal.faults import Counts
from analysis.signal.likeness import BeatMemory
from analysis.signal.quality import quality
from analysis.signal.rates import rate
from analysis.signal.seconds import Grid
from analysis.signal.spectrum import spectrum
from core.ecg import Beat, RhythmSpan, StripFinding

PIPELINE_VERSION = f"6+{PREPROCESSING_VERSION[:12]}"
"""Changes whenever the same chunks may give other findings."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a strip lies in its session."""

    strip_index: int
    first_sample: int
    started: Instant
    rate_hz: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """As much of a strip as has come: where it lies, what was received, its signal in parts.

    ``live`` is what the look-out saw in it.
    """

    place: Place
    counts: Counts
    stretches: tuple[Stretch, ...]
    live: tuple[RhythmSpan, ...] = ()

    @property
    def peaks(self) -> tuple[int, ...]:
        """Its R peaks, as sample indices of the session."""
        return tuple(s.start + peak for s in self.stretches for peak in s.peaks)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A strip's finding without probabilities, and what the rules on rhythm need besides.

    ``sights`` are what the rhythm rules will want of its beats, ``live`` what the look-out saw in
    it. ``trace`` is what its intervals are measured in, where they are due.
    """

    finding: StripFinding
    leads_off: bool
    sights: tuple[Sight, ...] = ()
    live: tuple[RhythmSpan, ...] = ()
    trace: Trace | None = None


def read_strip(reading: Reading, model: Model, memory: BeatMemory) -> Draft:
    """All that can be said of a strip before its beats are judged.

    An unreadable strip has beats, so that nobody is told there were none, but no rate and no
    spectrum. ``memory``, which is of the strips before, learns this one.
    """
    place, counts, stretches = reading.place, reading.counts, reading.stretches
    seen = quality(stretches, counts, Grid(place.first_sample, place.rate_hz), memory)
    finding = StripFinding(
        strip_index=place.strip_index,
        first_sample=place.first_sample,
        n_samples=counts.n_samples,
        n_missing=counts.missing,
        started_at=place.started.moment,
        clock_synced=place.started.synced,
        rate_hz=place.rate_hz,
        quality=seen,
        rate=rate(stretches) if seen.readable else None,
        spectrum=spectrum(stretches) if seen.readable else None,
        beats=tuple(Beat(peak, None) for peak in reading.peaks),
        model_id=model.model_id,
        pipeline_version=PIPELINE_VERSION,
        abnormal_from=model.abnormal_from,
    )
    leads_off = 2 * counts.lead_off > counts.n_samples
    return Draft(finding, leads_off, sights(stretches), reading.live)


def attributed(finding: StripFinding, by: Model) -> StripFinding:
    """The finding in the name of who judged its beats."""
    return replace(
        finding, model_id=by.model_id, abnormal_from=by.abnormal_from, fallback=by.fallback
    )
