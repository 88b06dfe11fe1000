"""Ectopic burden: the share of a recording's classified beats that are ventricular or not sinus.

The usual figure of Holter reports (ISHNE-HRS 2017, doi:10.1016/j.hrthm.2017.03.038): beats of
class V, and of class S, over all beats with a class.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.ecg import Beat, BeatClass


@dataclass(frozen=True, slots=True)
class Burden:
    """Counts of beats; shares are 0 to 1, None where no beat has a class."""

    beats: int
    classified: int
    ventricular: int
    supraventricular: int

    @property
    def ventricular_share(self) -> float | None:
        """PVC burden."""
        return self.ventricular / self.classified if self.classified else None

    @property
    def supraventricular_share(self) -> float | None:
        """SVEB burden."""
        return self.supraventricular / self.classified if self.classified else None

    def __add__(self, other: "Burden") -> "Burden":
        return Burden(
            self.beats + other.beats,
            self.classified + other.classified,
            self.ventricular + other.ventricular,
            self.supraventricular + other.supraventricular,
        )


def burden(beats: Iterable[Beat]) -> Burden:
    """The counts of some beats; those of several strips add up."""
    classes = [beat.beat_class for beat in beats]
    return Burden(
        len(classes),
        sum(kind is not None for kind in classes),
        classes.count(BeatClass.VENTRICULAR),
        classes.count(BeatClass.SUPRAVENTRICULAR),
    )
