"""What is served is what is evaluated: the same beats, the same probabilities, alerts as told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis.classifier import load_classifier
from core.alerts import AlertKind
from model.dataset import Recording, read_recording, served_rows
from model.evaluation.replay import quantised, replay
from tests.model.synthetic import write_record

RATE_HZ = 125.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A minute in whole microvolts."""
    folder = tmp_path_factory.mktemp("wfdb")
    write_record(folder, "903", 60, seed=5)
    clean = read_recording(folder / "903")
    return replace(clean, signal_mv=quantised(clean.signal_mv))


def test_probabilities_served_equal_probabilities_evaluated(recording: Recording) -> None:
    classifier = load_classifier()
    evaluated = 1.0 - classifier.predict(served_rows(recording).beats)[:, 0]
    strips = replay(recording.signal_mv, RATE_HZ, classifier).findings
    told = [b.abnormal_probability for s in strips for b in s.beats]
    served = np.array([p for p in told if p is not None])
    assert len(served) > 50
    np.testing.assert_allclose(served, evaluated[: len(served)], atol=6e-7)


class AllAbnormal:
    """Finds every beat abnormal."""

    model_id, threshold = "all", 0.5

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.tile(np.eye(3, 5, dtype=np.float32)[2], (len(beats), 1))


def test_each_strip_and_each_alert_is_told_once(recording: Recording, tmp_path: Path) -> None:
    told = replay(recording.signal_mv, RATE_HZ, AllAbnormal())
    assert [s.strip_index for s in told.findings] == list(range(len(told.findings)))
    assert sum(s.n_samples for s in told.findings) == len(recording.signal_mv)
    assert [alert.kind for alert in told.alerts] == [AlertKind.VENTRICULAR_RUN]
    assert told.alerts[0].closed_at is not None
