"""The computing part of a worker's turn: many sessions, one batch of beats, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from analysis.work.decrypt import open_chunks
from core.alerts import Alert
from core.chunk import SessionCipher
from core.ecg import SessionKey
from core.errors import Incorrect
from core.limits import Wearer
from store.chunks import StoredChunk

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
    alerts that were open: from there on everything is told anew.
    """

    next_seq: int
    state: bytes
    outcome: Outcome
    begun_at_strip: int
    begun_with: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """The state cannot be gone on with: the session has to begin anew."""


Result = Done | Stale | Exception


@dataclass(slots=True)
class _Running:
    """A session between its chunks and its probabilities."""

    pipeline: SessionPipeline
    ends: bool
    ended: SessionPipeline | None
    begun_at_strip: int
    begun_with: tuple[Alert, ...]

    @property
    def both(self) -> list[SessionPipeline]:
        return [self.pipeline, *([] if self.ended is None else [self.ended])]


def analyse(
    works: Sequence[Work],
    classifier: Classifier,
    policy: AlertPolicy | None = None,
    reserve: Classifier | None = None,
    drift: Monitor | None = None,
) -> list[Result]:
    """Analyse the sessions; an error in one is its result and no matter of the others.

    Raises what the classifier raises, for its batch holds the beats of all; where it is
    Unavailable, ``reserve`` is asked, and the findings say so. ``drift`` is shown what the beats
    look like.
    """
    model = Model(classifier.model_id, classifier.threshold)
    started = [_start(work, model, policy or AlertPolicy()) for work in works]
    pipelines = [p for run in started if isinstance(run, _Running) for p in run.both]
    crops = [pipeline.crops for pipeline in pipelines]
    outcomes: dict[int, Outcome] = {}
    if pipelines:
        probabilities, by = ask(classifier, reserve, np.concatenate(crops))
        cuts = np.cumsum([len(crop) for crop in crops])[:-1]
        for pipeline, mine in zip(pipelines, np.split(probabilities, cuts), strict=True):
            outcomes[id(pipeline)] = pipeline.resolve(mine, by)
        if drift is not None:
            _show(drift, np.concatenate(crops), [(p, outcomes[id(p)]) for p in pipelines])
    return [_finish(run, outcomes) if isinstance(run, _Running) else run for run in started]


def _show(
    drift: Monitor,
    beats: npt.NDArray[np.float32],
    told: Sequence[tuple[SessionPipeline, Outcome]],
) -> None:
    findings = [finding for _, outcome in told for finding in outcome.findings]
    signals = [p.segments[-1].signal for p, o in told if o.findings and p.segments]
    drift.see(beats, findings, [amplitude_mv(signal_mv) for signal_mv in signals])


def _start(work: Work, model: Model, policy: AlertPolicy) -> _Running | Stale | Exception:
    try:
        pipeline = SessionPipeline(model, policy)
        if work.state is not None:
            try:
                pipeline = load(work.state, model, policy)
            except Incorrect as error:
                _log_stale(work.session, error)
                return Stale()
        pipeline.wearers = work.wearers
        run = _Running(pipeline, work.ends, None, pipeline.first_unread, pipeline.alert_state.open)
        refused = pipeline.refused
        for seq, body, received_us in open_chunks(work.cipher, work.session, work.chunks):
            pipeline.push(seq, body, received_us)
            refused += body is None  # told where it did not open
        if pipeline.refused > refused:
            _log_refused(work, pipeline.refused - refused)
        if work.ends or (work.last and pipeline.is_short):
            run.ended = pipeline.ended()
        return run
    except Exception as error:
        # Whatever is in one patient's signal, it must not stop the others'; the worker logs it.
        return error


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


def _finish(run: _Running, outcomes: dict[int, Outcome]) -> Done:
    parts = [outcomes[id(pipeline)] for pipeline in run.both]
    # A strip that was told while it ran may be told again in the same turn: the last one counts.
    findings = {finding.strip_index: finding for part in parts for finding in part.findings}
    outcome = Outcome(
        tuple(findings.values()),
        tuple(alert for part in parts for alert in part.alerts)
        + (run.pipeline.ended_alerts() if run.ends else ()),
    )
    state = dump(run.pipeline)
    return Done(run.pipeline.next_seq, state, outcome, run.begun_at_strip, run.begun_with)
