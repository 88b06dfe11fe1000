"""The patient's usual beat, kept as running means, and how like it a beat is.

Correlation with a template after Orphanidou 2015 (doi:10.1109/JBHI.2014.2338351), here of the QRS
complex and, for the P wave, of the stretch before it.
"""

from dataclasses import dataclass, field
from math import sqrt

import numpy as np
import numpy.typing as npt

Window = npt.NDArray[np.float64]

QRS_BEFORE_S, QRS_AFTER_S = 0.10, 0.16
P_BEFORE_S, P_AFTER_S = 0.25, -0.06
"""Windows around the R peak, in s."""
SHARE = 0.125
"""How much of a running mean the newest beat makes."""


def window(signal: Window, at: int, before_s: float, after_s: float, rate_hz: float) -> Window:
    """The samples from ``before_s`` before position ``at`` to ``after_s`` after it, without mean.

    Empty where the signal does not reach that far or is not finite.
    """
    first, stop = at - round(before_s * rate_hz), at + round(after_s * rate_hz)
    if first < 0 or stop > len(signal) or not np.isfinite(signal[first:stop]).all():
        return np.empty(0)
    cut = signal[first:stop]
    free: Window = cut - cut.sum() / max(len(cut), 1)
    return free


def correlation(a: Window, b: Window) -> float | None:
    """Of two windows without mean, -1 to 1; None where one is flat, empty or of another length."""
    if len(a) != len(b) or len(a) == 0:
        return None
    # einsum without BLAS: its sums do not depend on how the memory happens to lie.
    scale = sqrt(np.einsum("i,i", a, a) * np.einsum("i,i", b, b))
    return None if scale < 1e-9 else float(np.einsum("i,i", a, b)) / scale


@dataclass(slots=True)
class Usual:
    """Running means of the usual QRS and of what comes before it, in mV."""

    qrs: Window = field(default_factory=lambda: np.empty(0))
    before: Window = field(default_factory=lambda: np.empty(0))

    def learn(self, qrs: Window, before: Window) -> None:
        """Let a usual beat count; empty windows teach nothing."""
        self.qrs, self.before = _mean(self.qrs, qrs), _mean(self.before, before)


def _mean(old: Window, new: Window) -> Window:
    if len(new) == 0:
        return old
    return old + SHARE * (new - old) if len(old) == len(new) else new
