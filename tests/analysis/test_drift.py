"""analysis.drift: alike is near 0, another population is not, and the window forgets."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.beats import BEAT_SAMPLES
from analysis.classifier import DEFAULT_ARTEFACT
from analysis.drift import (
    FEATURES,
    Monitor,
    Values,
    amplitude_mv,
    histogram,
    read_monitor,
    stability_index,
)
from core.ecg import StripFinding
from tests.analysis.chunks import run
from tests.analysis.synthetic import ecg, regular

TRAINED = {name: [100] * (len(feature.edges) + 1) for name, feature in FEATURES.items()}
NO_BEATS = np.empty((0, BEAT_SAMPLES), dtype=np.float32)


@pytest.fixture(scope="module")
def finding() -> StripFinding:
    """A strip of 75 beats a minute, all classified."""
    return run(ecg(125.0, 30, regular(30))).strips[0]


def test_alike_is_near_nothing_and_moved_is_not() -> None:
    generator, edges = np.random.default_rng(1), FEATURES["rr_ms"].edges
    trained, same, slower = (
        histogram(generator.normal(mean, 90, 5000), edges) for mean in (800, 800, 1000)
    )
    assert stability_index(trained, same) < 0.02
    assert stability_index(trained, slower) > 0.5
    assert stability_index(trained, trained) == 0


@given(values=arrays(np.float64, st.integers(0, 50), elements=st.floats(width=64)))
def test_every_finite_value_is_counted_once(values: Values) -> None:
    counts = histogram(values, (0.0, 1.0, 2.0))
    assert len(counts) == 4
    assert counts.sum() == np.isfinite(values).sum()
    assert counts[0] == (values[np.isfinite(values)] < 0).sum()


def test_nothing_is_said_of_few_values(finding: StripFinding) -> None:
    monitor = Monitor(TRAINED)
    monitor.see(NO_BEATS, [finding], [1.0])
    assert monitor.count("rr_ms") == len(finding.beats) - 1
    assert math.isnan(monitor.index("rr_ms"))


def test_the_window_forgets(finding: StripFinding) -> None:
    monitor = Monitor(TRAINED)
    slow = replace(finding, rate_hz=finding.rate_hz / 1.5)
    window = FEATURES["rr_ms"].window
    for strip in (slow, finding):
        for _ in range(2 * window // (len(finding.beats) - 1)):
            monitor.see(NO_BEATS, [strip], [])
        assert 0.8 * window <= monitor.count("rr_ms") <= window
    only_now = histogram(np.full(1000, 800.0), FEATURES["rr_ms"].edges)
    now = stability_index(np.array(TRAINED["rr_ms"]), only_now)
    assert monitor.index("rr_ms") == pytest.approx(now, rel=0.3)


def test_beats_are_measured_as_the_network_sees_them() -> None:
    beats = np.zeros((200, BEAT_SAMPLES), dtype=np.float32)
    beats[:, :100], beats[:, 5] = 0.5, 1.0
    monitor = Monitor(TRAINED)
    for _ in range(5):
        monitor.see(beats, [], [])
    assert monitor.count("beat_samples") == monitor.count("peak_position") == 1000
    assert monitor.index("beat_samples") > 1


def test_the_height_of_a_signal() -> None:
    assert amplitude_mv(np.linspace(-1, 1, 1001)) == pytest.approx(1.98, abs=0.01)
    assert math.isnan(amplitude_mv(np.empty(0)))


def test_the_served_artefact_says_what_it_was_trained_on() -> None:
    monitor = read_monitor(DEFAULT_ARTEFACT)
    assert monitor is not None
    assert math.isnan(monitor.index("rr_ms"))
    stated = json.loads(DEFAULT_ARTEFACT.with_suffix(".json").read_text())["features"]
    assert all(sum(told["counts"]) > 1000 for told in stated.values())
    assert {name: tuple(told["edges"]) for name, told in stated.items()} == {
        name: feature.edges for name, feature in FEATURES.items()
    }


def test_an_artefact_without_histograms_is_not_watched(tmp_path: Path) -> None:
    assert read_monitor(tmp_path / "none.tflite") is None
    (tmp_path / "old.json").write_text('{"model_id": "old"}')
    assert read_monitor(tmp_path / "old.tflite") is None
    other = {"features": {"rr_ms": {"edges": [1, 2], "counts": [1, 2, 3]}}}
    (tmp_path / "old.json").write_text(json.dumps(other))
    assert read_monitor(tmp_path / "old.tflite") is None


@pytest.mark.parametrize(
    "stated",
    [
        None,
        {"rr_ms": None},
        {"rr_ms": {}},
        {"rr_ms": {"edges": 5, "counts": [1]}},
        *({"rr_ms": {"edges": FEATURES["rr_ms"].edges, "counts": counts}}
          for counts in ([1, 2], ["a"] * 18, [math.nan] * 18, [-3] * 18)),
    ],
)  # fmt: skip
def test_spoilt_histograms_are_not_watched(tmp_path: Path, stated: object) -> None:
    (tmp_path / "spoilt.json").write_text(json.dumps({"features": stated}))
    assert read_monitor(tmp_path / "spoilt.tflite") is None
