"""A session's pipeline to bytes and back, exactly, so that any worker can go on with it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.alarms.policy import AlertPolicy
from analysis.alarms.state import dump_state, load_state
from analysis.rhythm.dump import dump_rules, dump_watch, load_rules, load_watch
from analysis.session.clock import Clock
from analysis.session.five_minutes import FiveMinutes
from analysis.session.measure import Recent
from analysis.session.pipeline import SessionPipeline
from analysis.session.reception import Tally
from analysis.session.segment import Segment
from analysis.session.state import pack, unpack
from analysis.session.strips import PIPELINE_VERSION
from analysis.session.verdicts import Model, Verdicts
from analysis.signal.likeness import BeatMemory
from core.errors import Incorrect

FORM = 7
"""Changes with what is stored here, or in a segment."""


def version(policy: AlertPolicy) -> str:
    """The version that a stored state must have to be gone on with."""
    return f"{FORM}/{PIPELINE_VERSION}/{policy.version}"


def dump(pipeline: SessionPipeline) -> bytes:
    """The state of a pipeline whose strips read so far are resolved."""
    state = {
        "next_seq": pipeline.next_seq,
        "refused": pipeline.refused,
        "position": pipeline.line.position,
        "clock": pipeline.line.clock,
        "tallies": [*pipeline.line.tallies.values()],
        "memory": pipeline.memory.dump(),
        "segments": [segment.dump() for segment in pipeline.line.segments],
        "alerts": dump_state(pipeline.alert_state),
        "watch": dump_watch(pipeline.line.watch),
        "rules": dump_rules(pipeline.rules),
        "owed": pipeline.owed,
        "verdicts": pipeline.verdicts.dump(),
        "recent": _beats(pipeline.recent.beats),
        "five_minutes": _beats(pipeline.five_minutes.beats),
    }
    return pack(version(pipeline.policy), state)


def load(data: bytes, model: Model, policy: AlertPolicy) -> SessionPipeline:
    """The pipeline that was dumped, with the present model.

    Raises Incorrect if the state is damaged or of other code: begin the session anew then.
    """
    state = unpack(data, version(policy))
    try:
        return _pipeline(state, model, policy)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Incorrect(f"analysis state does not hold what its version says: {error!r}") from error


def _pipeline(state: Mapping[str, Any], model: Model, policy: AlertPolicy) -> SessionPipeline:
    pipeline = SessionPipeline(model, policy)
    pipeline.next_seq, pipeline.refused = state["next_seq"], state["refused"]
    pipeline.line.position, pipeline.line.clock = state["position"], Clock(**state["clock"])
    tallies = [Tally(**fields) for fields in state["tallies"]]
    pipeline.line.tallies = {tally.strip_index: tally for tally in tallies}
    pipeline.line.segments = [Segment.load(segment) for segment in state["segments"]]
    pipeline.memory = BeatMemory.load(state["memory"])
    pipeline.alert_state = load_state(state["alerts"])
    pipeline.line.watch, pipeline.rules = load_watch(state["watch"]), load_rules(state["rules"])
    pipeline.owed = state["owed"]
    pipeline.verdicts = Verdicts.load(state["verdicts"])
    pipeline.recent = Recent(_pairs(state["recent"]))
    pipeline.five_minutes = FiveMinutes(_pairs(state["five_minutes"]))
    return pipeline


def _beats(beats: list[tuple[int, bool]]) -> list[Any]:
    """Sample indices and which of them are normal: arrays are a fifth of the pairs as text."""
    at, normal = [at for at, _ in beats], [normal for _, normal in beats]
    return [np.array(at, dtype=np.int64), np.array(normal, dtype=np.bool_)]


def _pairs(fields: list[Any]) -> list[tuple[int, bool]]:
    at, normal = fields
    return list(zip(at.tolist(), normal.tolist(), strict=True))
