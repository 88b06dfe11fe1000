"""The computing part of a worker's turn: many sessions, one batch of beats, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import structlog

from analysis.alarms.policy import AlertPolicy
from analysis.asking import ask
from analysis.classifier import Classifier
from analysis.drift import Monitor, amplitude_mv
from analysis.session.pipeline import Outcome, SessionPipeline
from analysis.session.resume import dump, load
from analysis.session.verdicts import Model
from analysis.work.decrypt import OpenedChunk, open_chunks
from analysis.work.remembered import Remembered
from core.alerts import Alert
from core.chunk import SessionCipher
from core.ecg import SessionKey
from core.errors import Incorrect
from core.limits import Wearer
from store.chunks import StoredChunk

AT_ONCE = 16
"""Chunks of a session between two calls of the network: how each running strip stood is kept until
then, some 25 kB a chunk."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A session's part of a turn: its state, and the chunks that follow in unbroken order.

    ``last`` says that no chunk is stored after these; ``ends`` that none will come. ``wearers``
    are those of the device, with their alarm limits.
    """

    session: SessionKey
    cipher: SessionCipher
    state: bytes | None
    chunks: Sequence[StoredChunk]
    last: bool
    ends: bool
    wearers: tuple[Wearer, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a session's part: the state after it, and the outcome, partial strips last.

    ``begun_at_strip`` and ``begun_with`` are the first strip that was not read before and the
    alerts that were open: from there on everything is told anew. ``pipeline`` is what ``state``
    was dumped from.
    """

    next_seq: int
    state: bytes
    outcome: Outcome
    begun_at_strip: int
    begun_with: tuple[Alert, ...]
    pipeline: SessionPipeline


@dataclass(frozen=True, slots=True)
class Stale:
    """The state cannot be gone on with: the session has to begin anew."""


Result = Done | Stale | Exception


@dataclass(slots=True)
class _Running:
    """A session on its way: what is still to be pushed, and what came of what was."""

    work: Work
    pipeline: SessionPipeline
    begun_at_strip: int
    begun_with: tuple[Alert, ...]
    refused: int
    todo: list[OpenedChunk]
    parts: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Network:
    classifier: Classifier
    reserve: Classifier | None
    drift: Monitor | None

    def settle(self, pipelines: Sequence[SessionPipeline]) -> list[Outcome]:
        """Have all beats judged in one batch, and what follows from it."""
        crops = [pipeline.crops for pipeline in pipelines]
        if not crops:
            return []
        beats = np.concatenate(crops)
        probabilities, by = ask(self.classifier, self.reserve, beats)
        cuts = np.cumsum([len(crop) for crop in crops])[:-1]
        parts = np.split(probabilities, cuts)
        told = [p.resolve(mine, by) for p, mine in zip(pipelines, parts, strict=True)]
        if self.drift is not None:
            _show(self.drift, beats, list(zip(pipelines, told, strict=True)))
        return told


def analyse(
    works: Sequence[Work],
    classifier: Classifier,
    policy: AlertPolicy | None = None,
    reserve: Classifier | None = None,
    drift: Monitor | None = None,
    remembered: Remembered | None = None,
) -> list[Result]:
    """Analyse the sessions; an error in one is its result and no matter of the others.

    Raises what the classifier raises, for its batch holds the beats of all; where it is
    Unavailable, ``reserve`` is asked, and the findings say so. ``drift`` is shown what the beats
    look like. Pipelines that are ``remembered`` are gone on with as they are.
    """
    model, network = (
        Model(classifier.model_id, classifier.threshold),
        _Network(classifier, reserve, drift),
    )
    begun = [_start(work, model, policy or AlertPolicy(), remembered) for work in works]
    while any(isinstance(run, _Running) and run.todo for run in begun):
        begun = [_push(run) if isinstance(run, _Running) else run for run in begun]
        running = [run for run in begun if isinstance(run, _Running)]
        outcomes = network.settle([run.pipeline for run in running])
        for run, outcome in zip(running, outcomes, strict=True):
            run.parts.append(outcome)
    _end([run for run in begun if isinstance(run, _Running)], network)
    return [_finish(run) if isinstance(run, _Running) else run for run in begun]


def _push(run: _Running) -> _Running | Exception:
    """Push the next chunks."""
    now, run.todo = run.todo[:AT_ONCE], run.todo[AT_ONCE:]
    try:
        for seq, body, received_us in now:
            run.pipeline.push(seq, body, received_us)
            run.refused += body is None  # told where it did not open
    except Exception as error:
        # Whatever is in one patient's signal, it must not stop the others'; the worker logs it.
        return error
    return run


def _end(running: Sequence[_Running], network: _Network) -> None:
    """The last strips of sessions that end, or seem to."""
    ending = [r for r in running if r.work.ends or (r.work.last and r.pipeline.is_short)]
    outcomes = network.settle([run.pipeline.ended() for run in ending])
    for run, outcome in zip(ending, outcomes, strict=True):
        run.parts.append(outcome)


def _show(
    drift: Monitor,
    beats: npt.NDArray[np.float32],
    told: Sequence[tuple[SessionPipeline, Outcome]],
) -> None:
    findings = [finding for _, outcome in told for finding in outcome.findings]
    signals = [p.line.segments[-1].signal for p, o in told if o.findings and p.line.segments]
    drift.see(beats, findings, [amplitude_mv(signal_mv) for signal_mv in signals])


def _start(
    work: Work, model: Model, policy: AlertPolicy, remembered: Remembered | None
) -> _Running | Stale | Exception:
    try:
        pipeline = None if remembered is None else remembered.take(work.session.row, work.state)
        if pipeline is None:
            pipeline = SessionPipeline(model, policy)
            if work.state is not None:
                pipeline = load(work.state, model, policy)
    except Incorrect as error:
        _log_stale(work.session, error)
        return Stale()
    pipeline.wearers = work.wearers
    try:
        todo = open_chunks(work.cipher, work.session, work.chunks)
    except Exception as error:
        return error
    first_unread, opened = pipeline.line.first_unread, pipeline.alert_state.open
    return _Running(work, pipeline, first_unread, opened, pipeline.refused, todo)


def _log_stale(session: SessionKey, error: Incorrect) -> None:
    log.warning(
        "analysis.begins_anew",
        device=str(session.device_id),
        session=session.session_id.hex(),
        reason=str(error),
    )


def _log_refused(work: Work, chunks: int) -> None:
    """A device that counts its samples anew, or at no usable rate, would go unwatched unseen."""
    log.warning(
        "analysis.refused",
        device=str(work.session.device_id),
        session=work.session.session_id.hex(),
        first_seq=work.chunks[0].seq,
        last_seq=work.chunks[-1].seq,
        chunks=chunks,
    )


def _finish(run: _Running) -> Done:
    refused = run.pipeline.refused - run.refused
    if refused > 0:
        _log_refused(run.work, refused)
    # A strip that was told while it ran may be told again in the same turn: the last one counts.
    findings = {finding.strip_index: finding for part in run.parts for finding in part.findings}
    outcome = Outcome(
        tuple(findings.values()),
        tuple(alert for part in run.parts for alert in part.alerts)
        + (run.pipeline.ended_alerts() if run.work.ends else ()),
    )
    pipeline, state = run.pipeline, dump(run.pipeline)
    begun = run.begun_at_strip, run.begun_with
    return Done(pipeline.next_seq, state, outcome, *begun, pipeline)
