"""One beat as the rhythm rules see it: when, what class, how like the patient's usual beats.

Classes are those of ANSI/AAMI EC57. Where the network tells none, a beat counts as ventricular
only if three things agree: called abnormal, early, and of another shape than the usual QRS.
"""

from dataclasses import dataclass

from core.ecg import BeatClass

EARLY_SHARE = 0.85
"""A beat after less than this share of the usual RR interval is early."""
UNLIKE = 0.70
"""A correlation with the usual QRS below this is another shape."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A beat. ``sample_index`` counts on the session's index; ``rr_s`` is the time since the beat
    before, None after a gap. ``qrs_alike`` and ``p_alike`` are correlations (-1 to 1) of its QRS
    and of the stretch before it with the usual ones, None where the signal does not tell.
    ``abnormal`` is the network's verdict, None without one.
    """

    sample_index: int
    rr_s: float | None = None
    beat_class: BeatClass | None = None
    abnormal: bool | None = None
    qrs_alike: float | None = None
    p_alike: float | None = None


def is_ventricular(mark: Mark, usual_rr_s: float | None) -> bool:
    """Whether the beat counts as ventricular: of class V, or without a class by its looks.

    ``usual_rr_s``: the usual RR interval in s, None while there is none.
    """
    if mark.beat_class is not None:
        return mark.beat_class is BeatClass.VENTRICULAR
    if not mark.abnormal or mark.rr_s is None or usual_rr_s is None or mark.qrs_alike is None:
        return False
    return mark.rr_s < EARLY_SHARE * usual_rr_s and mark.qrs_alike < UNLIKE


def is_supraventricular(mark: Mark) -> bool:
    """Whether the beat is of class S; nothing else can tell one."""
    return mark.beat_class is BeatClass.SUPRAVENTRICULAR


def is_paced_or_unknown(mark: Mark) -> bool:
    """Whether the beat is of class Q, where EC57 puts paced beats."""
    return mark.beat_class is BeatClass.UNKNOWN
