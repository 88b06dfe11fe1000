"""The alerts that the service raises on a recording, chunk by chunk, and those of two older rules.

The older rules are those of systems that let a network speak for itself: an alert for each
stretch of 187 samples, wherever it begins, or for each beat, that the baseline network gives
P(abnormal) of 0.5 or more.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_SAMPLES, BEAT_VALUES
from analysis.classifier import Classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from core.alerts import Alert, AlertKind
from model.alert_truth import Rung, is_loud
from model.dataset import SURPLUS, Recording, served_rows
from model.evaluation.replay import STARTED_US, chunks
from model.rhythm_told import RATE_HZ

ABNORMAL_FROM = 0.5


class Ringing:
    """The alerts of one recording so far: each as it stands, and when it was told first."""

    def __init__(self) -> None:
        self._rungs: dict[tuple[AlertKind, int], Rung] = {}

    def take(self, alerts: Iterable[Alert], at_s: float, end_s: float) -> None:
        """Take what changed when ``at_s`` of signal had come; what is open lasts to ``end_s``."""
        for alert in alerts:
            key = alert.kind, alert.strip_index
            before = self._rungs.get(key)
            loud_s = at_s if is_loud(alert.priority) else None
            if before is not None and before.told_loud_s is not None:
                loud_s = before.told_loud_s
            since_s = alert.opened_at.timestamp() - STARTED_US / 1e6
            closed = alert.closed_at
            until_s = end_s if closed is None else closed.timestamp() - STARTED_US / 1e6
            basis = alert.basis
            lies = (since_s, until_s)
            if basis is not None:
                # What is looked at of the last beat reaches beyond it, into what may follow.
                last = basis.beats[-1] + 1 if basis.beats else basis.stop_sample
                lies = basis.first_sample / RATE_HZ, last / RATE_HZ
            told_s = at_s if before is None else before.told_s
            self._rungs[key] = Rung(alert, since_s, lies, told_s, loud_s, until_s)

    def all(self) -> list[Rung]:
        """All of them, in the order in which they were told."""
        return sorted(self._rungs.values(), key=lambda rung: rung.told_s)


def ring(signal_mv: npt.NDArray[np.float64], classifier: Classifier) -> list[Rung]:
    """What rings on float64[n] in mV at RATE_HZ, streamed as it is served, each chunk by itself."""
    pipeline = SessionPipeline(Model(classifier.model_id, classifier.threshold))
    ringing, end_s = Ringing(), len(signal_mv) / RATE_HZ
    for seq, body in enumerate(chunks(signal_mv, RATE_HZ)):
        pipeline.push(seq, body, body.t0_us)
        outcome = pipeline.resolve(classifier.predict(pipeline.crops))
        ringing.take(outcome.alerts, (body.sample_index + body.n_valid) / RATE_HZ, end_s)
    return ringing.all()


def by_chunk(recording: Recording, baseline: Classifier) -> tuple[int, int]:
    """Alerts true and false if each stretch of 187 samples as it comes asks the baseline.

    True where a beat in it is not of class N.
    """
    n = len(recording.signal_mv) // BEAT_SAMPLES
    parts = recording.signal_mv[: n * BEAT_SAMPLES].reshape(n, BEAT_SAMPLES)
    low, high = parts.min(axis=1, keepdims=True), parts.max(axis=1, keepdims=True)
    rows = np.zeros((n, BEAT_VALUES), dtype=np.float32)
    rows[:, :BEAT_SAMPLES] = (parts - low) / np.maximum(high - low, 1e-9)
    abnormal = recording.beat_at[recording.beat_class != "N"] // BEAT_SAMPLES
    return _counted(_flagged(baseline, rows), np.isin(np.arange(n), abnormal))


def by_beat(recording: Recording, baseline: Classifier) -> tuple[int, int]:
    """Alerts true and false if each detected beat asks the baseline; what is no beat is normal."""
    beats = served_rows(recording, surplus=True)
    abnormal = beats.abnormal & (beats.classes != SURPLUS)
    return _counted(_flagged(baseline, beats.beats), abnormal)


def _flagged(baseline: Classifier, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    flagged: npt.NDArray[np.bool_] = 1.0 - baseline.predict(rows)[:, 0] >= ABNORMAL_FROM
    return flagged


def _counted(flagged: npt.NDArray[np.bool_], abnormal: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int((flagged & abnormal).sum()), int((flagged & ~abnormal).sum())
