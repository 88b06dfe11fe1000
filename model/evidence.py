"""How many of the last n beats must look abnormal before an alert may speak of them.

Measured on the validation patients, whom the network has not been trained on. One beat is no
evidence: at a specificity of 90 % it would raise hundreds of alerts an hour.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.dataset import BeatSet

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rule ``k`` of ``n`` would have raised over ``hours`` of signal."""

    k: int
    n: int
    hours: float
    true_onsets: int
    false_onsets: int


def onsets(flagged: Flags, k: int, n: int, close: int) -> list[int]:
    """Beats at which an alert opens: k of the last n are flagged, none being open.

    It stays open until at most ``close`` of the last n beats are flagged.
    """
    total = np.concatenate(([0], np.cumsum(flagged)))
    beats = np.arange(1, len(flagged) + 1)
    recent = total[beats] - total[np.maximum(beats - n, 0)]
    opened, is_open = [], False
    for beat, count in enumerate(recent):
        if not is_open and count >= k:
            opened.append(beat)
            is_open = True
        elif is_open and count <= close:
            is_open = False
    return opened


def weigh(beats: BeatSet, flagged: Flags, k: int, n: int, close: int, hours: float) -> Evidence:
    """Count the onsets of ``k`` of ``n`` over all records of ``beats``.

    An onset is true if the reference too calls at least half of those n beats abnormal.
    """
    true = false = 0
    for name in np.unique(beats.records):
        here = beats.records == name
        abnormal = beats.abnormal[here]
        for beat in onsets(flagged[here], k, n, close):
            if 2 * int(abnormal[max(0, beat - n + 1) : beat + 1].sum()) >= n:
                true += 1
            else:
                false += 1
    return Evidence(k, n, hours, true, false)
