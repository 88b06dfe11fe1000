"""Findings, totals and alerts to map: one of each kind by hand, and any by Hypothesis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from core.alerts import Alert, AlertKind
from core.ecg import (
    Beat,
    BeatClass,
    Intervals,
    Quality,
    Rate,
    RefusalReason,
    RhythmKind,
    RhythmSpan,
    Spectrum,
    StripFinding,
)
from core.holter.strip import digest
from core.holter.summary import holter
from fhir.mapping.identity import Origin
from tests.core.holter.samples import session

DEVICE = UUID("8f3c8a52-6f0e-4b54-9a59-0c6f6d1f2b11")
SESSION = bytes.fromhex("00000001a1b2c3d4e5f60718293a4b5c")
PATIENT = "0b9f6f5e-58c9-5d5c-9a7b-2f3a4c5d6e7f"
STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)

WORN = Origin(DEVICE, SESSION, PATIENT)
NOT_WORN = Origin(DEVICE, SESSION, None)

READABLE = StripFinding(
    strip_index=3,
    first_sample=4488,
    n_samples=1496,
    n_missing=0,
    started_at=STARTED_AT,
    clock_synced=True,
    rate_hz=125.0,
    quality=Quality(0.953, True, (), (0.97, 0.951, 0.94, 1.0, 0.0, *[0.964] * 6)),
    rate=Rate(74.31, 807.4, 792.0, 824.0, 9.87, 12.3),
    spectrum=Spectrum(7.25, 0.0123456, 0.04, 0.0011),
    beats=(
        Beat(4500, 0.0213, BeatClass.NORMAL),
        Beat(4601, 0.98765, BeatClass.VENTRICULAR),
        Beat(5950, None),
    ),
    model_id="baseline-1a2b3c",
    pipeline_version="1.0",
)
UNREADABLE = replace(
    READABLE,
    n_missing=187,
    clock_synced=False,
    quality=Quality(0.1, False, (RefusalReason.GAP, RefusalReason.LEAD_OFF)),
    rate=None,
    spectrum=None,
    beats=(),
)
RESERVED = replace(
    READABLE, clock_synced=False, fallback="SageMaker: circuit open", model_id="net-1a2b3c"
)
"""Classified by the local engine while the configured one was away."""
RHYTHMIC = replace(
    READABLE,
    rhythm=(
        RhythmSpan(RhythmKind.SINUS, 120, 5951, 58, 74.6, verified=True),
        RhythmSpan(RhythmKind.VENTRICULAR_TACHYCARDIA, 4601, 4890, 6, 158.4, verified=True),
        RhythmSpan(RhythmKind.ASYSTOLE, 5300, 5900, 0, None, verified=False),
    ),
    intervals=Intervals(92.0, 396.0, 421.0, "neurokit2 prominence, QTc after Fridericia"),
)
HOLTER = holter(digest(session(150)), 1206)
"""A session of half an hour with every class of beat and every kind of episode."""
OLD_HOLTER = holter(digest(session(150, named=False)), 1206)
"""The same by a network that told no classes, and no rhythms."""
EMPTY_HOLTER = holter(digest([replace(UNREADABLE, strip_index=0, first_sample=0)]), 1)
TOTALS = HOLTER.totals
OPEN_ALERT = Alert(
    AlertKind.ABNORMAL_BEATS,
    STARTED_AT,
    None,
    3,
    "8 of 10 successive beats with abnormal probability >= 0.5",
)

_share = st.floats(0, 1)
_times = st.datetimes(
    datetime(2000, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
_words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)
_rates = st.builds(
    Rate,
    st.floats(10, 350),
    st.floats(150, 6000),
    st.floats(150, 6000),
    st.floats(150, 6000),
    st.floats(0, 3000),
    st.floats(0, 3000),
)
_qualities = st.builds(
    Quality,
    _share,
    st.booleans(),
    st.lists(st.sampled_from(RefusalReason), unique=True).map(tuple),
)
_spectra = st.builds(Spectrum, st.floats(0, 60), _share, _share, _share)


_kinds = st.sampled_from(RhythmKind)
_intervals = st.builds(
    Intervals, st.none() | st.floats(40, 250), st.none() | st.floats(200, 700), st.none(), _words
)


@st.composite
def _spans(draw: st.DrawFn, first: int, n_samples: int) -> RhythmSpan:
    begun = first + draw(st.integers(-100_000, n_samples - 1))
    stop = max(begun, first) + draw(st.integers(1, n_samples))
    rate = draw(st.none() | st.floats(10, 350))
    return RhythmSpan(
        draw(_kinds), begun, stop, draw(st.integers(0, 999)), rate, draw(st.booleans())
    )


@st.composite
def findings(draw: st.DrawFn) -> StripFinding:
    """Any finding that analysis could make."""
    n_samples = draw(st.integers(1, 1496))
    first = draw(st.integers(0, 2**40))
    rate_hz = draw(st.sampled_from([125.0, 128.0, 250.0, 256.0, 360.0, 500.0]))
    whole = int(n_samples / rate_hz)
    seconds = tuple(draw(st.lists(_share, min_size=whole, max_size=whole)))
    peaks = draw(st.lists(st.integers(0, n_samples - 1), unique=True, max_size=20))
    return StripFinding(
        strip_index=draw(st.integers(0, 2**30)),
        first_sample=first,
        n_samples=n_samples,
        n_missing=draw(st.integers(0, n_samples)),
        started_at=draw(_times),
        clock_synced=draw(st.booleans()),
        rate_hz=rate_hz,
        quality=replace(draw(_qualities), seconds=seconds),
        rate=draw(st.none() | _rates),
        spectrum=draw(st.none() | _spectra),
        beats=tuple(
            Beat(
                first + peak, draw(st.none() | _share), draw(st.none() | st.sampled_from(BeatClass))
            )
            for peak in sorted(peaks)
        ),
        model_id=draw(_words),
        pipeline_version=draw(_words),
        abnormal_from=draw(st.floats(0.1, 0.9)),
        rhythm=tuple(draw(st.lists(_spans(first, n_samples), max_size=4))),
        intervals=draw(st.none() | _intervals),
    )


alerts = st.builds(
    lambda kind, opened_at, lasted_s, strip, evidence: Alert(
        kind,
        opened_at,
        None if lasted_s is None else opened_at + timedelta(seconds=lasted_s),
        strip,
        evidence,
    ),
    st.sampled_from(AlertKind),
    _times,
    st.none() | st.integers(0, 10_000_000),
    st.integers(0, 2**30),
    _words,
)
