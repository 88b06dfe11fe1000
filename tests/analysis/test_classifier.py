import json
import math
import shutil
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.beats import BEAT_SAMPLES, BEAT_VALUES, CROP_VERSION
from analysis.classifier import (
    BASELINE_ARTEFACT,
    BATCH,
    DEFAULT_ARTEFACT,
    Classifier,
    load_classifier,
)
from core.errors import Incorrect

CLASSIFIER = load_classifier()
BEATS = np.random.default_rng(3).random((24 * BATCH, BEAT_VALUES), dtype=np.float32)
PROBABILITIES = CLASSIFIER.predict(BEATS)


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    """A copy of the served artefact that a test may spoil."""
    for suffix in (".tflite", ".json"):
        shutil.copy(DEFAULT_ARTEFACT.with_suffix(suffix), tmp_path)
    return tmp_path / DEFAULT_ARTEFACT.name


def change_card(artefact: Path, **fields: object) -> None:
    card = artefact.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), **fields}))


def test_the_committed_artefact_is_served_and_small(artefact: Path) -> None:
    assert load_classifier(artefact).model_id == CLASSIFIER.model_id
    assert CLASSIFIER.model_id.startswith("context-")
    assert 0 < CLASSIFIER.threshold < 1
    assert artefact.stat().st_size < 1_000_000


def test_probabilities_are_between_0_and_1() -> None:
    assert PROBABILITIES.shape == (len(BEATS), 5)
    assert PROBABILITIES.dtype == np.float32
    assert ((PROBABILITIES >= 0) & (PROBABILITIES <= 1)).all()
    np.testing.assert_allclose(PROBABILITIES.sum(axis=1), 1.0, atol=1e-5)


def test_the_baseline_still_serves_and_tells_normal_from_abnormal_only() -> None:
    baseline = load_classifier(BASELINE_ARTEFACT)
    assert baseline.model_id.startswith("baseline-")
    told = baseline.predict(BEATS)
    assert ((told[:, 0] >= 0) & (told[:, 0] <= 1)).all()
    assert np.isnan(told[:, 1:]).all()
    other = BEATS.copy()
    other[:, BEAT_SAMPLES:] = 0.0
    np.testing.assert_array_equal(baseline.predict(other), told)


def test_the_small_artefact_serves_too() -> None:
    small = load_classifier(DEFAULT_ARTEFACT.with_name("context-int8.tflite"))
    assert small.predict(BEATS).shape == PROBABILITIES.shape
    assert small.model_id != CLASSIFIER.model_id


def test_no_beats_give_no_probabilities() -> None:
    assert CLASSIFIER.predict(np.empty((0, BEAT_VALUES), dtype=np.float32)).shape == (0, 5)


@settings(max_examples=40, deadline=None)
@given(chosen=st.lists(st.integers(0, len(BEATS) - 1), max_size=70))
def test_a_probability_does_not_depend_on_the_other_beats(chosen: list[int]) -> None:
    np.testing.assert_array_equal(CLASSIFIER.predict(BEATS[chosen]), PROBABILITIES[chosen])


def test_threads_do_not_disturb_each_other() -> None:
    def part(start: int) -> npt.NDArray[np.float32]:
        return CLASSIFIER.predict(BEATS[start:])

    starts = list(range(0, len(BEATS), 5))
    with ThreadPoolExecutor(4) as pool:
        for start, result in zip(starts, pool.map(part, starts), strict=True):
            np.testing.assert_array_equal(result, PROBABILITIES[start:])


def test_other_preprocessing_is_refused(artefact: Path) -> None:
    change_card(artefact, preprocessing_version="0" * 64)
    with pytest.raises(Incorrect, match="train again"):
        load_classifier(artefact)


def test_changed_weights_are_refused(artefact: Path) -> None:
    weights = bytearray(artefact.read_bytes())
    weights[-1] ^= 1
    artefact.write_bytes(weights)
    with pytest.raises(Incorrect, match="not the file its card describes"):
        load_classifier(artefact)


def test_missing_weights_are_refused(artefact: Path) -> None:
    artefact.unlink()
    with pytest.raises(Incorrect, match="no readable weights"):
        load_classifier(artefact)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"model_id": "x", "threshold": "high"}'])
def test_a_card_that_says_nothing_is_refused(artefact: Path, card: str) -> None:
    artefact.with_suffix(".json").write_text(card)
    with pytest.raises(Incorrect, match="no readable model card"):
        load_classifier(artefact)


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -0.1, 0.0, 1.0, 50])
def test_a_threshold_that_is_no_share_is_refused(artefact: Path, threshold: float) -> None:
    change_card(artefact, threshold=threshold)
    with pytest.raises(Incorrect, match="threshold"):
        load_classifier(artefact)


@pytest.mark.parametrize(
    "weights", [b"", b"TFL3", DEFAULT_ARTEFACT.read_bytes()[:1000], BASELINE_ARTEFACT.read_bytes()]
)
def test_weights_that_cannot_be_run_are_refused(artefact: Path, weights: bytes) -> None:
    artefact.write_bytes(weights)
    change_card(artefact, weights_sha256=sha256(weights).hexdigest())
    with pytest.raises(Incorrect, match="no network for these beats"):
        load_classifier(artefact)


def test_the_baselines_card_does_not_make_another_network_serve(artefact: Path) -> None:
    change_card(artefact, preprocessing_version=CROP_VERSION)
    with pytest.raises(Incorrect, match="no network for these beats"):
        load_classifier(artefact)


def test_a_row_that_is_no_number_spoils_no_other() -> None:
    beats = BEATS[:40].copy()
    beats[7] = np.nan
    told = CLASSIFIER.predict(beats)
    assert np.isnan(told[7]).all()
    np.testing.assert_array_equal(np.delete(told, 7, axis=0), np.delete(PROBABILITIES[:40], 7, 0))


def test_the_protocol_is_all_that_a_caller_needs() -> None:
    classifier: Classifier = CLASSIFIER
    assert classifier.predict(BEATS[:1]).shape == (1, 5)
