"""Sessions of findings with beats of every class and episodes that cross strips."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from core.ecg import (
    SAMPLES_PER_STRIP,
    Beat,
    BeatClass,
    Hrv,
    Intervals,
    Quality,
    Rate,
    RefusalReason,
    RhythmKind,
    RhythmSpan,
    StripFinding,
)

RATE_HZ = 125.0
STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)
_CLASSES = list(BeatClass)
_SHARES = [0.93, 0.02, 0.03, 0.01, 0.01]


def spans(samples: int, seed: int = 1) -> list[RhythmSpan]:
    """Episodes of every kind, so many that each strip overlaps some two of them."""
    random = np.random.default_rng(seed)
    found: list[RhythmSpan] = []
    for number in range(max(samples // 2000, 1)):
        kind = list(RhythmKind)[number % len(RhythmKind)]
        first = int(random.integers(0, samples))
        last = min(first + int(random.integers(100, 6000)), samples)
        if last - first < 50 or any((s.kind, s.first_sample) == (kind, first) for s in found):
            continue
        verified = bool(random.random() < 0.8)
        rate = None if kind is RhythmKind.ASYSTOLE else float(random.integers(30, 220))
        beats = (last - first) // 90
        found.append(RhythmSpan(kind, first, last, beats, rate, verified))
    return found


def told_in(spans_: list[RhythmSpan], first: int, stop: int) -> tuple[RhythmSpan, ...]:
    """What a strip of samples [first, stop) tells of them: whole at the start, as far as known."""
    return tuple(
        replace(span, stop_sample=min(span.stop_sample, stop))
        for span in spans_
        if span.first_sample < stop and span.stop_sample > first
    )


def session(strips: int, seed: int = 1, *, named: bool = True) -> list[StripFinding]:
    """Successive strips; each 17th is lead-off, unreadable. Without ``named`` as of old."""
    random = np.random.default_rng(seed)
    samples = strips * SAMPLES_PER_STRIP
    episodes = spans(samples, seed) if named else []
    steps = np.cumsum(random.integers(70, 130, samples // 70 + 2))
    peaks = steps[steps < samples]
    classes = random.choice(len(_CLASSES), len(peaks), p=_SHARES)
    found = []
    for number in range(strips):
        first = number * SAMPLES_PER_STRIP
        inside = (peaks >= first) & (peaks < first + SAMPLES_PER_STRIP)
        beats = tuple(
            _beat(int(peak), _CLASSES[kind], named)
            for peak, kind in zip(peaks[inside], classes[inside], strict=True)
        )
        found.append(_strip(number, beats, told_in(episodes, first, first + SAMPLES_PER_STRIP)))
    return found


def _hrv(number: int) -> Hrv:
    """That of five minutes; the second has no spectrum."""
    if number == 49:
        return Hrv(70, 812.5, 44.0, 31.5, 0.12)
    return Hrv(350, 812.5, 44.0, 31.5, 0.12, 900.0, 410.5 + number, 220.25)


def _beat(peak: int, kind: BeatClass, named: bool) -> Beat:
    probability = 0.01 if kind is BeatClass.NORMAL else 0.9
    return Beat(peak, probability, kind if named else None)


def _strip(number: int, beats: tuple[Beat, ...], rhythm: tuple[RhythmSpan, ...]) -> StripFinding:
    readable = number % 17 != 16
    rr_ms = np.diff([beat.sample_index for beat in beats]) * 1000 / RATE_HZ
    mean_ms = float(rr_ms.mean())
    rate = Rate(60_000 / mean_ms, mean_ms, float(rr_ms.min()), float(rr_ms.max()), 20.0, 20.0)
    return StripFinding(
        strip_index=number,
        first_sample=number * SAMPLES_PER_STRIP,
        n_samples=SAMPLES_PER_STRIP,
        n_missing=0 if readable else 187,
        started_at=STARTED_AT + timedelta(seconds=number * SAMPLES_PER_STRIP / RATE_HZ),
        clock_synced=True,
        rate_hz=RATE_HZ,
        quality=Quality(0.95, True, ())
        if readable
        else Quality(0.2, False, (RefusalReason.LEAD_OFF,)),
        rate=rate if readable else None,
        spectrum=None,
        beats=beats if readable else (),
        model_id="baseline-1a2b3c",
        pipeline_version="1.0",
        rhythm=rhythm,
        intervals=Intervals(92.0, 380.0, 410.0 + number % 5, "dwt") if readable else None,
        hrv=_hrv(number) if readable and number % 25 == 24 else None,
    )
