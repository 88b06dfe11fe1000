from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.beats import BEAT_VALUES
from analysis.classifier import CLASSES, load_classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from model import context_network as network
from model import train_context
from model.augment import variant
from model.dataset import BeatSet, Recording, join, read_recording, served_rows
from model.export import export_context
from model.parameters import read_context_parameters
from model.splits import DS1
from tests.analysis.chunks import RECEIVED_US, chunks_of
from tests.model.synthetic import write_record

PARAMETERS = replace(
    read_context_parameters(), members=1, batch_size=32, variants=1, folds=(("901",), ("902",))
)
PER_CODE_MV = 0.001


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    """Two minutes of ECG in whole microvolts, as devices would send it."""
    folder = tmp_path_factory.mktemp("wfdb")
    made = []
    for seed, name in enumerate(("901", "902", "903")):
        write_record(folder, name, 120, seed)
        clean = read_recording(folder / Path(name))
        signal_mv = np.rint(clean.signal_mv / PER_CODE_MV) * PER_CODE_MV
        made.append(Recording(name, signal_mv, clean.beat_at, clean.beat_class))
    return made


@pytest.fixture(scope="module")
def artefact(recordings: list[Recording], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned the first two."""
    rows = join([served_rows(recording) for recording in recordings[:2]])
    member = network.fit(rows, PARAMETERS, 5, 0)
    folder, test = tmp_path_factory.mktemp("artefact"), served_rows(recordings[2])
    return export_context(network.joined([member], 1.5), folder, 0.5, {}, test)


def test_it_learns_and_its_artefacts_agree(artefact: Path, recordings: list[Recording]) -> None:
    rows = served_rows(recordings[2])
    told = load_classifier(artefact).predict(rows.beats)
    assert told.shape == (len(rows), 5)
    np.testing.assert_allclose(told.sum(axis=1), 1.0, atol=1e-5)
    assert np.mean(told.argmax(axis=1) == network.indices(rows)) > 0.95
    small = load_classifier(artefact.with_name("context-int8.tflite")).predict(rows.beats)
    assert np.mean(small.argmax(axis=1) == told.argmax(axis=1)) > 0.99


def test_what_is_served_is_what_is_evaluated(artefact: Path, recordings: list[Recording]) -> None:
    recording, classifier = recordings[2], load_classifier(artefact)
    evaluated = classifier.predict(served_rows(recording, surplus=True).beats)
    pipeline, served = SessionPipeline(Model("any", 0.5)), []
    for seq, content in chunks_of(recording.signal_mv):
        pipeline.push(seq, content, RECEIVED_US)
        outcome = pipeline.resolve(classifier.predict(pipeline.crops))
        served += [beat for finding in outcome.findings for beat in finding.beats]
    assert len(served) > 100
    classified = [beat for beat in served if beat.abnormal_probability is not None]
    for beat, row in zip(classified, evaluated, strict=False):
        assert beat.abnormal_probability == round(max(1 - float(row[0]), 0.0), 6)
        assert beat.beat_class == CLASSES[int(row.argmax())]


def test_a_variant_is_another_signal_with_the_same_beats(recordings: list[Recording]) -> None:
    one, again = variant(recordings[0], 1), variant(recordings[0], 1)
    np.testing.assert_array_equal(one.signal_mv, again.signal_mv)
    assert len(one.beat_at) == len(recordings[0].beat_at)
    r = int(one.beat_at[20])
    assert np.argmin(one.signal_mv[r - 20 : r + 20]) == pytest.approx(20, abs=4), "upside down"
    assert len(served_rows(one)) > 0.9 * len(served_rows(recordings[0]))


def test_temperature_and_threshold_mend_what_is_too_sure() -> None:
    generator = np.random.default_rng(1)
    classes = generator.choice(["N", "V"], 4000, p=[0.8, 0.2])
    rows = np.zeros((4000, 1), dtype=np.float32)
    beats = BeatSet(rows, classes, np.full(4000, "1"))
    logits = generator.normal(size=(4000, 5))
    logits[np.arange(4000), network.indices(beats)] += 1.0
    sure = train_context.fitted_temperature(5 * logits, beats)
    assert sure == pytest.approx(5 * train_context.fitted_temperature(logits, beats), rel=0.05)


def test_beats_of_a_patient_with_many_count_less_each() -> None:
    names = np.array(["V"] * 400 + ["V"] * 10 + ["N"] * 5)
    beats = BeatSet(np.zeros((415, 1), dtype=np.float32), names, np.array(["1"] * 400 + ["2"] * 15))
    weight = network.weights(beats, PARAMETERS)
    assert weight[0] < weight[400]
    assert (weight[410:] == 1.0).all()


def test_a_moved_or_turned_row_keeps_its_context() -> None:
    rows = np.random.default_rng(1).normal(size=(8, BEAT_VALUES)).astype(np.float32)
    changed = network.augmented(rows, np.random.default_rng(2))
    np.testing.assert_array_equal(changed[:, network.CONTEXT], rows[:, network.CONTEXT])
    assert not np.array_equal(changed[:, network.WINDOW], rows[:, network.WINDOW])


def test_beats_of_known_patients_keep_their_polarity() -> None:
    rows = np.random.default_rng(1).normal(size=(64, BEAT_VALUES)).astype(np.float32)
    changed = network.augmented(rows, np.random.default_rng(2), turned=False)
    alike = (changed[:, network.USUAL] * rows[:, network.USUAL]).sum(axis=1)
    assert (alike > 0).all()


def test_each_patient_of_ds1_is_left_out_once() -> None:
    folds = read_context_parameters().folds
    assert sorted(name for fold in folds for name in fold) == sorted(DS1)
