"""A turn shows its beats to the drift monitor, and the metrics show the monitor."""

from datetime import UTC, datetime

from prometheus_client import REGISTRY, generate_latest

from analysis.classifier import DEFAULT_ARTEFACT
from analysis.drift import FEATURES, read_monitor
from analysis.work.metrics import watch
from analysis.work.turn import Done, Work, analyse
from benchmarks.recorder import Recorder, signal_bodies
from core.ecg import SessionKey
from store.chunks import StoredChunk
from tests.analysis.chunks import T0_US, LengthClassifier


def test_a_turn_is_counted_and_told() -> None:
    recorder, now = Recorder(), datetime.now(UTC)
    sealed = recorder.seal(signal_bodies(500, T0_US))
    stored = [StoredChunk(n, frame, now) for n, frame in enumerate(sealed)]
    session = SessionKey(1, recorder.id, 1, recorder.session_id)
    monitor = read_monitor(DEFAULT_ARTEFACT)
    assert monitor is not None
    work = Work(session, recorder.cipher, None, stored, last=False, ends=False)
    [done] = analyse([work], LengthClassifier(), drift=monitor)
    assert isinstance(done, Done)
    beats = sum(len(finding.beats) for finding in done.outcome.findings)
    assert beats - len(done.outcome.findings) <= monitor.count("rr_ms") <= beats
    watch(monitor)
    for name in FEATURES:
        told = REGISTRY.get_sample_value("hisbundle_analysis_drift_values", {"feature": name})
        assert told == monitor.count(name) > 0
    assert b'hisbundle_analysis_drift_index{feature="rr_ms"}' in generate_latest(REGISTRY)
    index = REGISTRY.get_sample_value("hisbundle_analysis_drift_index", {"feature": "rr_ms"})
    assert index is not None
    assert index > 0.25  # a synthetic patient is not the training's population
