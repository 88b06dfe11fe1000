import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from analysis.beats import BEAT_VALUES, CROP_VERSION
from analysis.classifier import load_classifier
from core.errors import Incorrect
from model import train
from model.evaluate import area_under_roc
from model.export import export
from model.network import PARAMETER_COUNT, build, class_weights, fit, predict
from model.parameters import read_parameters
from model.splits import ALL_RECORDS
from tests.model.synthetic import beat_set, write_record

PARAMETERS = replace(read_parameters(), epochs=3, batch_size=64)


def loss(network: object, seed: int) -> float:
    beats = beat_set(400, seed)
    p = predict(network, beats.beats).clip(1e-6, 1 - 1e-6)
    return float(-np.log(np.where(beats.abnormal, p, 1 - p)).mean())


def test_the_baseline_has_98_945_parameters() -> None:
    network = build(PARAMETERS.learning_rate)
    assert network.count_params() == PARAMETER_COUNT == 98_945
    assert (network.input_shape, network.output_shape) == ((None, 187, 1), (None, 1))


def test_class_weights_let_both_classes_count_alike() -> None:
    weights = class_weights(np.array([True] * 2 + [False] * 8))
    assert weights == {0: 10 / 16, 1: 10 / 4}


def test_training_learns_repeats_and_survives_the_export(tmp_path: Path) -> None:
    network = fit(beat_set(1200, 1), beat_set(300, 2), PARAMETERS)
    test = beat_set(500, 3)
    probability = predict(network, test.beats)
    area = area_under_roc(test.abnormal, probability)
    assert area is not None
    assert area > 0.98
    assert loss(network, 4) < 0.7 * loss(build(PARAMETERS.learning_rate), 4)

    again = fit(beat_set(1200, 1), beat_set(300, 2), PARAMETERS)
    np.testing.assert_array_equal(predict(again, test.beats), probability)

    classifier = load_classifier(export(network, tmp_path, 0.5, {}))
    rows = np.zeros((len(test), BEAT_VALUES), dtype=np.float32)
    rows[:, :187] = test.beats
    np.testing.assert_allclose(1 - classifier.predict(rows)[:, 0], probability, atol=1e-5)


def test_a_whole_run_prints_both_evaluations_and_exports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate(ALL_RECORDS):
        write_record(tmp_path, name, 20, seed)
    path = train.main(tmp_path, tmp_path / "out", epochs=1)
    printed = capsys.readouterr().out
    assert "random 70/15/15" in printed
    assert "inter-patient DS1->DS2" in printed
    assert "10 of 10 beats" in printed
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["preprocessing_version"] == CROP_VERSION
    assert card["weights_sha256"] == sha256(path.read_bytes()).hexdigest()
    assert len(card["inter_patient"]["test"]["by_record"]) == 22
    assert load_classifier(path).model_id == card["model_id"]


def test_a_folder_without_the_records_is_incorrect(tmp_path: Path) -> None:
    with pytest.raises(Incorrect):
        train.main(tmp_path)
