"""The figures of a Holter report, read out of the digest of a wearer's strips."""

from dataclasses import dataclass

from core.ecg import RhythmKind, SessionTotals
from core.holter.digest import Bins, Digest, Extreme, Minute, Sums
from core.holter.episodes import KindSums, Telling, closed
from core.holter.variability import Spectra, Variability, spectra, variability


@dataclass(frozen=True, slots=True)
class Episodes:
    """All episodes of one kind; ``percent`` is their share of the analysed time."""

    kind: RhythmKind
    count: int
    unverified: int
    duration_s: float
    percent: float
    beats: int
    longest: tuple[Telling, ...]
    fastest: Telling | None


@dataclass(frozen=True, slots=True)
class Spread:
    """What so many ``strips`` gave, in ms: the lower median, the lowest and the highest."""

    median_ms: int
    lowest_ms: int
    highest_ms: int
    strips: int


@dataclass(frozen=True, slots=True)
class Holter:
    """What a session comes to for one wearer. What could not be measured is None.

    ``qrs``, ``qt`` and ``qtc`` are of the strips in which they were measured; ``rr`` and ``rates``
    are histograms in bins of RR_BIN_MS and RATE_BIN_PER_MIN; ``refused_s`` tells for each reason
    how long the strips are that it was given for. Heart rates are those of strips without
    fibrillation or noise. Burdens are shares of the beats that have a class.
    """

    totals: SessionTotals
    rate_hz: float
    first_sample: int
    sums: Sums
    lowest_rate: Extreme | None
    highest_rate: Extreme | None
    longest_rr_ms: Extreme | None
    ventricular_percent: float | None
    supraventricular_percent: float | None
    variability: Variability | None
    spectra: Spectra | None
    qrs: Spread | None
    qt: Spread | None
    qtc: Spread | None
    quality_percent: float
    refused_s: tuple[tuple[str, float], ...]
    episodes: tuple[Episodes, ...]
    rr: Bins
    rates: Bins
    minutes: tuple[Minute, ...]

    def of(self, kind: RhythmKind) -> Episodes | None:
        """The episodes of one kind, None where there are none."""
        return next((found for found in self.episodes if found.kind is kind), None)

    @property
    def has_rhythm(self) -> bool:
        """Whether rhythms were looked for: findings of before tell of none."""
        return bool(self.episodes)


def holter(digest: Digest, chunks_stored: int) -> Holter:
    """The figures of a digest that is to be merged no further."""
    sums = digest.sums
    kinds = closed(digest.tellings, digest.kinds)
    return Holter(
        totals=_totals(digest, chunks_stored),
        rate_hz=digest.rate_hz,
        first_sample=digest.first_sample,
        sums=sums,
        lowest_rate=digest.lowest_rate,
        highest_rate=digest.highest_rate,
        longest_rr_ms=digest.longest_rr_ms,
        ventricular_percent=_percent(sums.ventricular, sums.named),
        supraventricular_percent=_percent(sums.supraventricular, sums.named),
        variability=variability(sums, digest.minutes),
        spectra=spectra(digest.windows),
        qrs=_spread(digest.qrs_ms),
        qt=_spread(digest.qt_ms),
        qtc=_spread(digest.qtc_ms),
        quality_percent=_percent(sums.quality_s, sums.analysed_s) or 0.0,
        refused_s=digest.refused_s,
        episodes=tuple(_episodes(kind, sums.analysed_s) for kind in kinds),
        rr=digest.rr,
        rates=digest.rates,
        minutes=digest.minutes,
    )


def median(bins: Bins) -> int | None:
    """The lower median of what was counted, None of nothing."""
    half, seen = sum(count for _, count in bins) / 2, 0
    for number, count in bins:
        seen += count
        if seen >= half:
            return number
    return None


def _spread(bins: Bins) -> Spread | None:
    middle = median(bins)
    if middle is None:
        return None
    return Spread(middle, bins[0][0], bins[-1][0], sum(count for _, count in bins))


def _totals(digest: Digest, chunks_stored: int) -> SessionTotals:
    sums = digest.sums
    lowest, highest = digest.lowest_rate, digest.highest_rate
    return SessionTotals(
        started_at=digest.started_at,
        ended_at=digest.ended_at,
        strips=sums.strips,
        analysed_s=sums.analysed_s,
        readable_s=sums.readable_s,
        missing_samples=sums.missing_samples,
        chunks_stored=chunks_stored,
        beats=sums.beats,
        classified_beats=sums.classified,
        abnormal_beats=sums.abnormal,
        rate_mean_per_min=sums.rate_sum_per_min / sums.rates if sums.rates else None,
        rate_min_per_min=lowest.value if lowest else None,
        rate_max_per_min=highest.value if highest else None,
        pipeline_version=digest.pipeline_version,
        model_id=digest.model_id,
    )


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def _episodes(sums: KindSums, analysed_s: float) -> Episodes:
    return Episodes(
        kind=sums.kind,
        count=sums.count,
        unverified=sums.unverified,
        duration_s=sums.duration_s,
        percent=min(_percent(sums.duration_s, analysed_s) or 0.0, 100.0),
        beats=sums.beats,
        longest=sums.longest,
        fastest=sums.fastest,
    )
