"""The rhythm's state as a tree of numbers, lists and arrays, and back (analysis.session.state)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    """The state of the rules; the numbers of many beats as arrays."""
    tracker, atrial, agreement = rules.tracker, rules.tracker.atrial, rules.agreement
    window = np.array(atrial.window, dtype=np.float64)
    at = np.array(agreement.at, dtype=np.int64)
    alike = np.array(agreement.alike, dtype=np.float64)
    return _fields(rules) | {
        "tracker": _fields(tracker) | {"atrial": _fields(atrial) | {"window": window}},
        "agreement": {"before": agreement.before, "at": at, "alike": alike},
    }


def dump_watch(watch: Watch) -> dict[str, Any]:
    """The state of the look-out."""
    return _fields(watch)


def _fields(value: Any) -> dict[str, Any]:
    """As ``dataclasses.asdict`` of the outermost one: the others are written as they are."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def load_rules(state: State) -> StripRules:
    """The rules that were dumped."""
    tracker = state["tracker"]
    parts = Tracker(
        ectopy=Ectopy(**_with_spell(tracker["ectopy"])),
        pace=Pace(**_with_kind(_with_spell(tracker["pace"]))),
        atrial=Atrial(**_with_kind(_with_spell(_with_lists(tracker["atrial"], "window")))),
        runs=Series(**_with_kind(_with_spell(tracker["runs"]))),
        paced=Series(**_with_kind(_with_spell(tracker["paced"]))),
        usual_rr_s=tracker["usual_rr_s"],
    )
    agreement = Agreement(**_with_lists(state["agreement"], "at", "alike"))
    usual = Usual(**state["usual"])
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


def _with_lists(fields: State, *names: str) -> State:
    return {**fields, **{name: fields[name].tolist() for name in names}}


def _with_spell(fields: State) -> dict[str, Any]:
    spell = fields["spell"]
    return {**fields, "spell": None if spell is None else Spell(**spell)}


def _with_kind(fields: State) -> dict[str, Any]:
    kind = fields["kind"]
    return {**fields, "kind": None if kind is None else RhythmKind(kind)}


def _span(fields: State | None) -> RhythmSpan | None:
    return None if fields is None else RhythmSpan(**{**fields, "kind": RhythmKind(fields["kind"])})
