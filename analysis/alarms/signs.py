"""The conditions that one strip shows by its rhythm spans: a sign for each, sure or doubted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from analysis.alarms.policy import Row
from analysis.context import row_stop
from analysis.signal.rpeaks import REFRACTORY_S
from core.alerts import AlertKind
from core.ecg import BeatClass, RhythmSpan, StripFinding
from core.limits import Limits

MOST_BEATS = 32
"""Beats that a basis names at most, the latest ones."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A condition seen from sample ``first`` to before ``stop`` of the session, and why.

    ``sure``: the gates of its row hold.
    """

    kind: AlertKind
    first: int
    stop: int
    words: str
    sure: bool = True
    beats: tuple[int, ...] = ()
    probability: float | None = None


def rhythm_signs(
    rows: Iterable[Row], finding: StripFinding, limits: Limits, *, early: bool
) -> list[Sign]:
    """The signs of the strip's spans; with ``early`` only of rows that may ring mid-strip."""
    return [
        _sign(row, span, finding)
        for row in rows
        if row.early or not early
        for span in finding.rhythm
        if span.kind is row.rhythm and _meets(row, span, finding.rate_hz, limits)
    ]


def _meets(row: Row, span: RhythmSpan, rate_hz: float, limits: Limits) -> bool:
    lasting_s = row.lasting_s
    if row.kind is AlertKind.PAUSE and limits.pause_s is not None:
        lasting_s = limits.pause_s
    if span.beats < row.beats or (span.stop_sample - span.first_sample) < lasting_s * rate_hz:
        return False
    return not row.above_per_min or (span.rate_per_min or 0.0) >= row.above_per_min


def _sign(row: Row, span: RhythmSpan, finding: StripFinding) -> Sign:
    inside = [b for b in finding.beats if span.first_sample <= b.sample_index < span.stop_sample]
    told = [b.abnormal_probability for b in inside if b.abnormal_probability is not None]
    mean = round(sum(told) / len(told), 6) if told else None
    classes = [b.beat_class for b in inside if b.beat_class is not None]
    sure = (
        span.verified
        and span.beats >= row.sure_beats
        and (span.rate_per_min or 0.0) >= row.sure_per_min
        and (mean or 0.0) >= row.probability
        and classes.count(BeatClass.VENTRICULAR) >= row.ventricular * len(classes)
        and min(_scores(span, finding), default=0.0) >= row.quality
    )
    rate = "" if span.rate_per_min is None else f" at {span.rate_per_min:.0f}/min"
    lasting_s = (span.stop_sample - span.first_sample) / finding.rate_hz
    of = f"{span.beats} beats{rate}" if span.beats else f"for {lasting_s:.1f} s"
    words = f"{span.kind.value.replace('-', ' ')}: {of}" + ("" if sure else ", not verified")
    beats = tuple(beat.sample_index for beat in inside[-MOST_BEATS:])
    return Sign(row.kind, span.first_sample, span.stop_sample, words, sure, beats, mean)


def looked_to(sign: Sign, finding: StripFinding) -> int:
    """The sample before which all lies that a sign rests on.

    A beat's class rests on all that the network is shown of it, and on the next R peak, which is
    one only if no greater hump of energy follows within REFRACTORY_S.
    """
    rate_hz, told = finding.rate_hz, set(sign.beats)
    judged = [
        (beat.sample_index, after.sample_index)
        for beat, after in pairwise(finding.beats)
        if beat.abnormal_probability is not None and beat.sample_index in told
    ]
    needed = [
        max(row_stop(r, next_r, rate_hz), next_r + ceil(REFRACTORY_S * rate_hz))
        for r, next_r in judged[-1:]
    ]
    return max((sign.stop, *needed))


def _scores(span: RhythmSpan, finding: StripFinding) -> Iterator[float]:
    """Quality of the strip's seconds that the span touches; the strip's own where it has none."""
    yield finding.quality.score if not finding.quality.seconds else 1.0
    for second, score in enumerate(finding.quality.seconds):
        begin = finding.first_sample + second * finding.rate_hz
        if begin < span.stop_sample and begin + finding.rate_hz > span.first_sample:
            yield score
