"""The table of the alarm policy: one row for each condition that a strip can show.

Priorities are those of IEC 60601-1-8; what is told of a doubtful signal rings more quietly, but
asystole and fibrillation always ring (CinC 2015, https://physionet.org/content/challenge-2015/,
for the definitions; doi:10.1371/journal.pone.0110274 for why so few conditions are urgent). The
numbers were chosen on DS1 of the MIT-BIH database. Conditions that no strip tells of are
watched in ``alerting/watch.py``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.alerts import TECHNICAL, AlertKind, Priority
from core.ecg import RhythmKind

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_LOUDNESS = (LOW, MEDIUM, HIGH)


@dataclass(frozen=True, slots=True)
class Row:
    """One condition. Where its gates fail it rings at ``doubted``, or not at all (None).

    Evidence: ``beats`` of a run, ``above_per_min``, ``lasting_s``, ``strips`` in a row, ``k`` of
    ``n`` beats. Gates: ``probability`` (mean P(abnormal) of the run's beats) and ``quality`` (least
    score of its seconds), ``ventricular`` (share of class V among them, once classified), at least
    ``sure_beats``, as fast as ``sure_per_min``; a span that is not verified fails them. It
    closes after ``clear_s`` without the condition, and opens again ``quiet_s`` after that at the
    earliest; ``early`` rows ring while the strip still runs. While it is open, what it ``absorbs``
    does not ring, unless that would be louder.
    """

    kind: AlertKind
    priority: Priority
    doubted: Priority | None
    rhythm: RhythmKind | None = None
    beats: int = 0
    above_per_min: float = 0.0
    lasting_s: float = 0.0
    strips: int = 1
    k: int = 0
    n: int = 0
    closes_at: float = 0.0
    probability: float = 0.0
    quality: float = 0.0
    ventricular: float = 0.0
    sure_beats: int = 0
    sure_per_min: float = 0.0
    clear_s: float = 12.0
    quiet_s: float = 0.0
    early: bool = False
    absorbs: frozenset[AlertKind] = frozenset()

    @property
    def is_technical(self) -> bool:
        """Of the equipment, not of the heart."""
        return self.kind in TECHNICAL


_K = AlertKind
_FAST = frozenset({_K.TACHYCARDIA, _K.EXTREME_TACHYCARDIA})
_SLOW = frozenset({_K.BRADYCARDIA, _K.EXTREME_BRADYCARDIA, _K.PAUSE})
_RUN = frozenset({_K.VENTRICULAR_RUN, _K.ABNORMAL_BEATS})

ROWS = (
    Row(_K.ASYSTOLE, HIGH, LOW, RhythmKind.ASYSTOLE, lasting_s=4.0, early=True,
        absorbs=_SLOW),
    Row(_K.VENTRICULAR_FIBRILLATION, HIGH, LOW, RhythmKind.VENTRICULAR_FIBRILLATION,
        lasting_s=4.0, early=True, clear_s=30.0,
        absorbs=_FAST | _RUN | {_K.VENTRICULAR_TACHYCARDIA, _K.ATRIAL_FIBRILLATION}),
    Row(_K.VENTRICULAR_TACHYCARDIA, HIGH, LOW, RhythmKind.VENTRICULAR_TACHYCARDIA, beats=5,
        above_per_min=100.0, probability=0.5, ventricular=0.5, early=True, clear_s=60.0,
        absorbs=_FAST | _RUN),
    Row(_K.VENTRICULAR_RUN, MEDIUM, LOW, RhythmKind.VENTRICULAR_RUN, beats=3,
        probability=0.9, sure_per_min=100.0, early=True, clear_s=60.0,
        absorbs=frozenset({_K.ABNORMAL_BEATS})),
    Row(_K.PAUSE, MEDIUM, LOW, RhythmKind.PAUSE, lasting_s=3.0, early=True, clear_s=60.0),
    Row(_K.EXTREME_TACHYCARDIA, HIGH, None, beats=17, above_per_min=150.0, closes_at=140.0,
        clear_s=0.0, absorbs=frozenset({_K.TACHYCARDIA})),
    Row(_K.EXTREME_BRADYCARDIA, HIGH, None, beats=5, above_per_min=35.0, closes_at=40.0,
        clear_s=0.0, absorbs=frozenset({_K.BRADYCARDIA})),
    Row(_K.TACHYCARDIA, MEDIUM, None, strips=2, above_per_min=130.0, closes_at=125.0,
        clear_s=0.0, quiet_s=300.0),
    Row(_K.BRADYCARDIA, MEDIUM, None, strips=2, above_per_min=45.0, closes_at=50.0,
        clear_s=0.0, quiet_s=300.0),
    Row(_K.ATRIAL_FIBRILLATION, LOW, None, RhythmKind.ATRIAL_FIBRILLATION, lasting_s=60.0,
        clear_s=300.0, quiet_s=3600.0),
    Row(_K.ABNORMAL_BEATS, LOW, None, k=8, n=10, closes_at=2.0, clear_s=0.0,
        quiet_s=600.0),
    Row(_K.LEAD_OFF, MEDIUM, None, clear_s=20.0, absorbs=frozenset({_K.POOR_SIGNAL})),
    Row(_K.POOR_SIGNAL, LOW, None, strips=5, clear_s=60.0),
)  # fmt: skip
"""For slow rates ``above_per_min`` is what the rate is below. A run below 100/min is accelerated
idioventricular rhythm and calls nobody at once (doi:10.1161/CIR.0000000000000527): it rings low."""


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The rows in force; ``version`` changes with any of them."""

    version: str = "4"
    rows: tuple[Row, ...] = ROWS

    def row(self, kind: AlertKind) -> Row:
        """The row of a condition. Raises KeyError for one that no strip tells of."""
        for row in self.rows:
            if row.kind is kind:
                return row
        raise KeyError(kind)


def louder(one: Priority, other: Priority) -> Priority:
    """The more urgent of two priorities."""
    return max(one, other, key=_LOUDNESS.index)


def absorbing(
    rows: Iterable[Row], present: Mapping[AlertKind, Priority], kind: AlertKind, priority: Priority
) -> list[AlertKind]:
    """What is ``present`` and greater than a condition, which so does not ring.

    What rings more quietly hides nothing: a doubtful run must not silence a fast rate.
    """
    return [
        row.kind
        for row in rows
        if kind in row.absorbs
        and row.kind in present
        and louder(present[row.kind], priority) is present[row.kind]
    ]
