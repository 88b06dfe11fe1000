"""What the policy remembers of a session from strip to strip, and how it is stored."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from core.alerts import Alert, AlertKind, Basis, Priority

Verdicts = tuple[tuple[int, bool], ...]
"""Beats by sample index, and whether each is abnormal."""


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is open; its condition was last seen at sample ``seen``, in ``episodes``."""

    alert: Alert
    seen: int
    episodes: int = 1


@dataclass(frozen=True, slots=True)
class AlertState:
    """Verdicts on the last beats, their R peaks, strips in a row, open alerts, last closings.

    ``in_a_row`` counts the strips for which a condition has held; ``closed`` are the samples at
    which conditions were over, for the quiet periods.
    """

    abnormal: Verdicts = ()
    peaks: tuple[int, ...] = ()
    in_a_row: dict[AlertKind, int] = field(default_factory=dict)
    opened: tuple[Open, ...] = ()
    closed: dict[AlertKind, int] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Alert, ...]:
        """The alerts that are open."""
        return tuple(one.alert for one in self.opened)

    def find(self, kind: AlertKind) -> Open | None:
        """What is open of a kind."""
        return next((one for one in self.opened if one.alert.kind is kind), None)

    def count(self, kind: AlertKind, *, holds: bool) -> "AlertState":
        """One more strip in which a condition holds, or does not."""
        row = self.in_a_row.get(kind, 0) + 1 if holds else 0
        return replace(self, in_a_row=self.in_a_row | {kind: row})

    def put(self, one: Open) -> "AlertState":
        """With ``one`` in the place of what is open of its kind."""
        others = tuple(o for o in self.opened if o.alert.kind is not one.alert.kind)
        return replace(self, opened=(*others, one))

    def without(self, kind: AlertKind, at: int) -> "AlertState":
        """With nothing open of a kind any more, from sample ``at`` on."""
        left = tuple(o for o in self.opened if o.alert.kind is not kind)
        return replace(self, opened=left, closed=self.closed | {kind: at})


def dump_state(state: AlertState) -> dict[str, Any]:
    """The state as a tree of plain values."""
    return {
        "abnormal": list(state.abnormal),
        "peaks": list(state.peaks),
        "in_a_row": {kind.value: n for kind, n in state.in_a_row.items()},
        "closed": {kind.value: at for kind, at in state.closed.items()},
        "opened": [[_dump(one.alert), one.seen, one.episodes] for one in state.opened],
    }


def load_state(tree: dict[str, Any]) -> AlertState:
    """What was dumped."""
    return AlertState(
        tuple((at, abnormal) for at, abnormal in tree["abnormal"]),
        tuple(tree["peaks"]),
        {AlertKind(kind): n for kind, n in tree["in_a_row"].items()},
        tuple(Open(_load(alert), seen, episodes) for alert, seen, episodes in tree["opened"]),
        {AlertKind(kind): at for kind, at in tree["closed"].items()},
    )


def _dump(alert: Alert) -> dict[str, Any]:
    basis = None if alert.basis is None else asdict(alert.basis)
    return {
        "kind": alert.kind.value,
        "at": alert.opened_at.isoformat(),
        "strip": alert.strip_index,
        "evidence": alert.evidence,
        "priority": alert.priority.value,
        "basis": basis,
    }


def _load(tree: dict[str, Any]) -> Alert:
    told = tree["basis"]
    basis = None if told is None else Basis(**told | {"beats": tuple(told["beats"])})
    at, priority = datetime.fromisoformat(tree["at"]), Priority(tree["priority"])
    kind = AlertKind(tree["kind"])
    return Alert(kind, at, None, tree["strip"], tree["evidence"], priority, basis)
