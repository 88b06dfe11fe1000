"""One finding, with the one before it for the interval across the border, as a digest.

An RR interval belongs to the strip of its later beat. It counts in readable strips, and across
missing samples, fibrillation or noise never (Task Force 1996, doi:10.1161/01.CIR.93.5.1043).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from core.ecg import Beat, BeatClass, RefusalReason, RhythmKind, RhythmSpan, StripFinding
from core.holter.digest import (
    RATE_BIN_PER_MIN,
    RR_BIN_MS,
    Bins,
    Digest,
    Extreme,
    Minute,
    Sums,
    merged,
)
from core.holter.episodes import Telling

PAUSE_MS = 2000.0
"""What counts as a pause (Crawford 1999, doi:10.1161/01.CIR.100.8.886)."""
_NN_STEP_MS = 50.0
_VEILS = frozenset({RhythmKind.VENTRICULAR_FIBRILLATION, RhythmKind.NOISE})


@dataclass(frozen=True, slots=True)
class _Interval:
    """Between two successive beats; ``normal``: both are."""

    rr_ms: float
    first: Beat
    second: Beat
    normal: bool


def digest(findings: Sequence[StripFinding], before: StripFinding | None = None) -> Digest:
    """The digest of findings in order, one at least; ``before`` is what was found before them."""
    pairs = pairwise((before, *findings))
    return merged([_digest(finding, last) for last, finding in pairs if finding is not None])


def _digest(finding: StripFinding, before: StripFinding | None) -> Digest:
    intervals = _intervals(finding, before)
    rate = _rate(finding)
    extreme = None if rate is None else Extreme(rate, finding.started_at, finding.first_sample)
    longest = max(intervals, key=lambda found: found.rr_ms, default=None)
    told = finding.intervals
    sums = _sums(finding, intervals, rate)
    return Digest(
        first_strip=finding.strip_index,
        last_strip=finding.strip_index,
        first_sample=finding.first_sample,
        started_at=finding.started_at,
        ended_at=_at(finding, finding.first_sample + finding.n_samples),
        rate_hz=finding.rate_hz,
        pipeline_version=finding.pipeline_version,
        model_id=finding.model_id,
        sums=sums,
        lowest_rate=extreme,
        highest_rate=extreme,
        longest_rr_ms=None if longest is None else _since(finding, longest),
        rr=_counted(int(found.rr_ms / RR_BIN_MS) for found in intervals),
        rates=() if rate is None else ((int(rate // RATE_BIN_PER_MIN), 1),),
        qrs_ms=_bin(told.qrs_ms if told else None),
        qt_ms=_bin(told.qt_ms if told else None),
        qtc_ms=_bin(told.qtc_ms if told else None),
        refused_s=tuple(
            sorted((r.value, finding.n_samples / finding.rate_hz) for r in finding.quality.reasons)
        ),
        minutes=(_minute(finding, sums, rate),),
        windows=() if finding.hrv is None else (finding.hrv,),
        tellings=tuple(_telling(finding, span) for span in finding.rhythm),
    )


def _rate(finding: StripFinding) -> float | None:
    """The heart rate; none beside fibrillation or noise, where beats may be missed."""
    if finding.rate is None or any(span.kind in _VEILS for span in finding.rhythm):
        return None
    return finding.rate.heart_rate_per_min


def _intervals(finding: StripFinding, before: StripFinding | None) -> list[_Interval]:
    """The RR intervals that end in this strip."""
    beats: list[Beat] = list(finding.beats)
    if not finding.quality.readable or not beats:
        return []
    whole = finding.n_missing == 0
    if whole and before is not None and _follows(finding, before):
        beats = [*before.beats[-1:], *beats]
    longest_ms = finding.rate.rr_max_ms + 1 if finding.rate else 0.0
    found = []
    for beat, later in pairwise(beats):
        rr_ms = (later.sample_index - beat.sample_index) * 1000 / finding.rate_hz
        if (whole or rr_ms <= longest_ms) and not _is_veiled(finding, beat, later):
            normal = finding.is_normal(beat) and finding.is_normal(later)
            found.append(_Interval(rr_ms, beat, later, normal))
    return found


def _follows(finding: StripFinding, before: StripFinding) -> bool:
    """Whether signal is readable without a break from one strip to the next."""
    return (
        before.strip_index == finding.strip_index - 1
        and before.quality.readable
        and before.n_missing == 0
        and before.rate_hz == finding.rate_hz
    )


def _is_veiled(finding: StripFinding, beat: Beat, later: Beat) -> bool:
    """Whether fibrillation or noise lies between two beats: beats may be missed there."""
    return any(
        span.kind in _VEILS
        and span.first_sample < later.sample_index
        and span.stop_sample > beat.sample_index
        for span in finding.rhythm
    )


def _sums(finding: StripFinding, intervals: Sequence[_Interval], rate: float | None) -> Sums:
    seconds = finding.n_samples / finding.rate_hz
    missing_s = finding.n_missing / finding.rate_hz
    classes = Counter(beat.beat_class for beat in finding.beats)
    known = [b.abnormal_probability for b in finding.beats if b.abnormal_probability is not None]
    nn = [found.rr_ms for found in intervals if found.normal]
    steps = _steps(intervals)
    return Sums(
        strips=1,
        analysed_s=seconds,
        readable_s=seconds if finding.quality.readable else 0.0,
        missing_s=missing_s,
        lead_off_s=missing_s if RefusalReason.LEAD_OFF in finding.quality.reasons else 0.0,
        quality_s=finding.quality.score * seconds,
        missing_samples=finding.n_missing,
        fallback_strips=0 if finding.fallback is None else 1,
        beats=len(finding.beats),
        classified=len(known),
        abnormal=sum(probability >= finding.abnormal_from for probability in known),
        normal=classes[BeatClass.NORMAL],
        supraventricular=classes[BeatClass.SUPRAVENTRICULAR],
        ventricular=classes[BeatClass.VENTRICULAR],
        fusion=classes[BeatClass.FUSION],
        unknown=classes[BeatClass.UNKNOWN],
        rate_sum_per_min=rate or 0.0,
        rates=0 if rate is None else 1,
        rr_pauses=sum(found.rr_ms >= PAUSE_MS for found in intervals),
        nn=len(nn),
        nn_sum_ms=sum(nn),
        nn_squares_ms2=sum(rr_ms**2 for rr_ms in nn),
        nn_steps=len(steps),
        nn_step_squares_ms2=sum(step**2 for step in steps),
        nn_steps_over_50_ms=sum(abs(step) > _NN_STEP_MS for step in steps),
    )


def _steps(intervals: Sequence[_Interval]) -> list[float]:
    """Differences between two normal intervals that share a beat."""
    return [
        later.rr_ms - found.rr_ms
        for found, later in pairwise(intervals)
        if found.normal and later.normal and later.first is found.second
    ]


def _minute(finding: StripFinding, sums: Sums, rate: float | None) -> Minute:
    return Minute(
        minute=int(finding.started_at.timestamp() // 60),
        strips=1,
        quality=finding.quality.score,
        rates=sums.rates,
        rate_sum_per_min=sums.rate_sum_per_min,
        rate_min_per_min=rate or 0.0,
        rate_max_per_min=rate or 0.0,
        beats=sums.beats,
        named=sums.named,
        ventricular=sums.ventricular,
        supraventricular=sums.supraventricular,
        nn=sums.nn,
        nn_sum_ms=sums.nn_sum_ms,
        nn_squares_ms2=sums.nn_squares_ms2,
        kinds=tuple(sorted({span.kind.value for span in finding.rhythm})),
    )


def _telling(finding: StripFinding, span: RhythmSpan) -> Telling:
    return Telling(
        kind=span.kind,
        first_sample=span.first_sample,
        stop_sample=span.stop_sample,
        beats=span.beats,
        rate_per_min=span.rate_per_min,
        verified=span.verified,
        told_by=finding.strip_index,
        onset=_at(finding, span.first_sample),
        duration_s=(span.stop_sample - span.first_sample) / finding.rate_hz,
    )


def _since(finding: StripFinding, found: _Interval) -> Extreme:
    """An interval by the beat that it begins with."""
    sample = found.first.sample_index
    return Extreme(found.rr_ms, _at(finding, sample), sample)


def _at(finding: StripFinding, sample: int) -> datetime:
    return finding.started_at + timedelta(seconds=(sample - finding.first_sample) / finding.rate_hz)


def _bin(value_ms: float | None) -> Bins:
    return () if value_ms is None else ((round(value_ms), 1),)


def _counted(numbers: Iterable[int]) -> Bins:
    return tuple(sorted(Counter(numbers).items()))
