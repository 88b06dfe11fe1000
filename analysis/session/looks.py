"""A running strip is looked at with every chunk, and told at once where something is urgent.

What comes of a look depends on the chunks up to then alone, so it is the same whether chunks come
one by one or many in a turn. It leaves nothing behind but the alerts that it opens.
"""

from dataclasses import dataclass

from analysis.session.strips import Reading
from analysis.signal.likeness import BeatMemory


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The unread strips as they were after a chunk; the newest one is still running.

    ``known_to`` is the last beat that the network has judged by then (sample index), ``before``
    the last that the look before knew. ``is_asked``: the look-out wants the strip to be told.
    """

    readings: tuple[Reading, ...]
    memory: BeatMemory
    known_to: int
    before: int
    is_asked: bool

    @property
    def peaks(self) -> tuple[int, ...]:
        """All R peaks of the unread strips, as sample indices of the session."""
        return tuple(peak for reading in self.readings for peak in reading.peaks)
