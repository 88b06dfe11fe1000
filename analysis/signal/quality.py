"""Signal quality of a strip: a score for each second, the verdict, and every reason for it.

The score comes from how alike the patient's beats look (``likeness``) and how quiet it is between
them (``seconds``), after hard technical checks (``faults``). No rule looks at the heart rate: that
would call an arrhythmia noise. Nothing here decides what a rhythm detector gets to see: a strip
that cannot be read may still be asystole or fibrillation, and the reason says which it could be.
"""

from collections.abc import Sequence
from itertools import pairwise

from analysis.session.segment import Stretch
from analysis.signal.faults import Counts, faults, is_in_fibrillation_band, losses
from analysis.signal.likeness import LIKES, BeatMemory, compare
from analysis.signal.seconds import Grid, borders, score_samples
from core.ecg import Quality, RefusalReason

READABLE_SCORE = 0.80
"""The highest in steps of 0.01 with which, on DS1, 98 % of the strips of every rhythm stay readable
where the reference marks no noise (atrial fibrillation is the hardest); flutter is left out, as
nothing is to be read from it. ``python -m model.quality`` prints what it costs and saves."""
MIN_MEASURED = 0.5
STANDSTILL_S = 3.0
"""Without a beat for so long, the strip is short of beats because the heart is (or seems so)."""


def quality(stretches: Sequence[Stretch], counts: Counts, at: Grid, memory: BeatMemory) -> Quality:
    """Score, verdict and reasons of the strip that lies ``at`` its place in the session.

    A readable strip may have reasons too: parts are missing. ``memory`` is of the strips before
    it; it learns the beats of a readable one.
    """
    wrong = faults(stretches, counts)
    is_void = wrong in ([RefusalReason.FLAT], [RefusalReason.NOISE])
    beats = compare([] if is_void else stretches, memory)
    power = 0.0 if is_void else beats.power_mv2 or memory.power_mv2
    scores = score_samples(stretches, beats, power, counts, at)
    measured, score = 1 - counts.missing / counts.n_samples, float(scores.mean())
    is_good = power > 0 and score >= READABLE_SCORE * measured
    if not wrong and measured > 0 and not (is_good and any(s.peaks for s in stretches)):
        few = len(beats.spans) + len(memory.shapes) <= LIKES
        is_quiet = is_good or (power == 0 and few)
        wrong = [_refusal(stretches, few=few, is_quiet=is_quiet)]
    readable = measured >= MIN_MEASURED and not wrong
    if readable:
        memory.learn(beats)
    edges = borders(counts.n_samples, at.rate_hz)[: int(counts.n_samples / at.rate_hz) + 1]
    seconds = tuple(round(float(scores[a:b].mean()), 6) for a, b in pairwise(edges))
    return Quality(round(score, 6), readable, (*losses(counts), *wrong), seconds)


def _refusal(stretches: Sequence[Stretch], *, few: bool, is_quiet: bool) -> RefusalReason:
    """Why a strip without a fault is not readable.

    ``few``: too few beats to compare. ``is_quiet``: as far as is known, no noise hides others.
    """
    if is_quiet and _longest_without_beat_s(stretches) >= STANDSTILL_S:
        return RefusalReason.NO_BEATS
    if few or is_quiet:
        return RefusalReason.FEW_BEATS
    fibrillates = is_in_fibrillation_band(stretches)
    return RefusalReason.DISORGANISED if fibrillates else RefusalReason.NOISE


def _longest_without_beat_s(stretches: Sequence[Stretch]) -> float:
    """The longest time without an R peak, counted from the last one before the strip."""
    longest = 0.0
    for stretch in stretches:
        first = stretch.earlier[-1] if stretch.earlier else 0
        last = stretch.high if stretch.after is None else stretch.after
        marks = [max(first, 0), *stretch.peaks, last]
        longest = max(longest, max(b - a for a, b in pairwise(marks)) / stretch.rate_hz)
    return longest
