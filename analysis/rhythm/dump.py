"""The rhythm's state as a tree of numbers, lists and arrays, and back (analysis.session.state)."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from analysis.rhythm.agreement import Agreement
from analysis.rhythm.atrial import Atrial
from analysis.rhythm.ectopy import Ectopy
from analysis.rhythm.rates import Pace
from analysis.rhythm.series import Series
from analysis.rhythm.session import StripRules
from analysis.rhythm.spell import Spell
from analysis.rhythm.tracker import Tracker
from analysis.rhythm.usual import Usual
from analysis.rhythm.watch import Watch
from analysis.rhythm.wide import Wide
from core.ecg import RhythmKind, RhythmSpan

State = Mapping[str, Any]


def dump_rules(rules: StripRules) -> dict[str, Any]:
    """The state of the rules."""
    return _fields(rules)


def dump_watch(watch: Watch) -> dict[str, Any]:
    """The state of the look-out."""
    return _fields(watch)


def _fields(value: Any) -> dict[str, Any]:
    """As ``dataclasses.asdict``, without copying what is written out at once anyway."""
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, list | tuple) and any(dataclasses.is_dataclass(item) for item in value):
        return [_plain(item) for item in value]
    return value


def load_rules(state: State) -> StripRules:
    """The rules that were dumped."""
    tracker = state["tracker"]
    parts = Tracker(
        ectopy=Ectopy(**_with_spell(tracker["ectopy"])),
        pace=Pace(**_with_kind(_with_spell(tracker["pace"]))),
        atrial=Atrial(**_with_kind(_with_spell(tracker["atrial"]))),
        runs=Series(**_with_kind(_with_spell(tracker["runs"]))),
        paced=Series(**_with_kind(_with_spell(tracker["paced"]))),
        usual_rr_s=tracker["usual_rr_s"],
    )
    usual, agreement = Usual(**state["usual"]), Agreement(**state["agreement"])
    return StripRules(**{**state, "tracker": parts, "usual": usual, "agreement": agreement})


def load_watch(state: State) -> Watch:
    """The look-out that was dumped."""
    return Watch(
        **{
            **state,
            "fibrillation": _span(state["fibrillation"]),
            "asystole": _span(state["asystole"]),
            "wide": Wide(**_with_spell(state["wide"])),
            "ended": [span for fields in state["ended"] if (span := _span(fields)) is not None],
        }
    )


def _with_spell(fields: State) -> dict[str, Any]:
    spell = fields["spell"]
    return {**fields, "spell": None if spell is None else Spell(**spell)}


def _with_kind(fields: State) -> dict[str, Any]:
    kind = fields["kind"]
    return {**fields, "kind": None if kind is None else RhythmKind(kind)}


def _span(fields: State | None) -> RhythmSpan | None:
    return None if fields is None else RhythmSpan(**{**fields, "kind": RhythmKind(fields["kind"])})
