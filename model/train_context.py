"""The served network in one run: ``python -m model.train_context DATA_DIR``.

Four networks, each trained without some patients of DS1, say how sure it may be (temperature) and
from where a beat is abnormal (threshold). The one that is served is trained on all of DS1 and
meets DS2 once, as the exported artefact. The random split is there to compare with older work.
Each epoch is kept: a run that was broken off goes on where it stopped (model.checkpoints).
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from analysis.classifier import CLASSES, load_classifier
from model import context_network as network
from model.augment import variant
from model.checkpoints import NOWHERE, Checkpoints, Workplace
from model.class_report import confusions, report
from model.class_table import class_table
from model.dataset import (
    BeatSet,
    Recording,
    data_digest,
    join,
    published_rows,
    read_recordings,
    served_rows,
)
from model.evaluate import score
from model.evaluation.source import code_digest
from model.export import export_context, library_versions
from model.parameters import ContextParameters, read_context_parameters
from model.progress import Progress, untold
from model.splits import ALL_RECORDS, DS1, DS2, random_split

ARTEFACTS = Path(__file__).with_name("artefacts")
SHARES = (0.70, 0.15)

Floats = npt.NDArray[np.float64]
JsonObject = dict[str, object]
Recordings = Mapping[str, Recording]


def main(
    data_dir: Path,
    out_dir: Path = ARTEFACTS,
    epochs: int | None = None,
    workplace: Workplace = NOWHERE,
) -> Path:
    """Train on DS1 of the MIT-BIH records in ``data_dir``, export to ``out_dir``.

    Prints the scores and returns the path of the float32 weights. ``epochs`` bounds each training.
    The same data, code and libraries on the same machine give the same weights, in one run or, with
    a ``workplace``, in several that were broken off. Raises Incorrect if a record cannot be read.
    Takes about a quarter of an hour on two cores.
    """
    parameters = read_context_parameters()
    if epochs is not None:
        parameters = replace(parameters, epochs=epochs, random_epochs=epochs)
    recordings = read_recordings(data_dir, ALL_RECORDS, workplace.progress)
    digest = data_digest(data_dir, ALL_RECORDS)
    kept = workplace.run("context", digest, asdict(parameters), code_digest(), library_versions())
    rows = training_rows(recordings, parameters, workplace.progress)
    validation, logits = out_of_fold(rows, parameters, kept)
    temperature = fitted_temperature(logits, validation)
    threshold = chosen_threshold(softmax(logits / temperature, axis=1), validation)
    print(f"temperature {temperature:.3f}, abnormal from {threshold:.2f}", flush=True)
    seen = _report("DS1, patients by turns", validation, logits / temperature, recordings, DS1)
    everything = join([part for parts in rows.values() for part in parts])
    members = [
        network.fit(everything, parameters, parameters.epochs, i, kept.unit(f"member {i + 1}"))
        for i in range(parameters.members)
    ]
    statement: JsonObject = {
        "data": {
            "source": "https://physionet.org/content/mitdb/1.0.0/",
            "sha256": digest,
        },
        "parameters": asdict(parameters),
        "temperature": temperature,
        "validation": seen,
    }
    served = network.joined(members, temperature)
    test = join([served_rows(recordings[name], surplus=True) for name in DS2])
    path = export_context(served, out_dir, threshold, statement, test)
    told = load_classifier(path).predict(test.beats).astype(np.float64)
    found = confusions(test, told, {name: recordings[name].beat_class for name in DS2})
    tested = statement["test"] = report(test, told, found)
    print(class_table("DS2, as served", tested), flush=True)
    statement["random_split"] = random_scores(recordings, parameters, kept)
    return export_context(served, out_dir, threshold, statement, test)


def training_rows(
    recordings: Recordings, parameters: ContextParameters, progress: Progress = untold
) -> dict[str, list[BeatSet]]:
    """For each record of DS1 its rows, first as it is, then those of its variants."""
    rows: dict[str, list[BeatSet]] = {}
    for name in DS1:
        progress("rows of the training records", len(rows), len(DS1))
        recording = recordings[name]
        changed = [variant(recording, number) for number in range(1, parameters.variants + 1)]
        rows[name] = [served_rows(one) for one in (recording, *changed)]
    progress("rows of the training records", len(rows), len(DS1))
    return rows


def out_of_fold(
    rows: Mapping[str, list[BeatSet]], parameters: ContextParameters, kept: Checkpoints
) -> tuple[BeatSet, Floats]:
    """All beats of DS1, and float64[n, 5] logits by networks that know nothing of the patient."""
    told: dict[str, Floats] = {}
    for number, held_out in enumerate(parameters.folds, 1):
        known = [part for name, parts in rows.items() if name not in held_out for part in parts]
        asked = {name: rows[name][0] for name in held_out}
        told |= _fold(known, asked, parameters, kept, f"fold {number}")
        print(f"trained without {', '.join(held_out)}", flush=True)
    return join([rows[name][0] for name in told]), np.concatenate(list(told.values()))


def _fold(
    known: list[BeatSet],
    asked: Mapping[str, BeatSet],
    parameters: ContextParameters,
    kept: Checkpoints,
    name: str,
) -> dict[str, Floats]:
    """Logits of each record asked about, by a network that was trained on what is known."""
    done, epochs = kept.unit(f"{name} logits"), kept.unit(name)
    before = done.read()
    if before is not None and all(
        one in before and before[one].shape == (len(beats), len(CLASSES))
        for one, beats in asked.items()
    ):
        return {one: np.asarray(before[one], dtype=np.float64) for one in asked}
    trained = network.fit(join(known), parameters, parameters.epochs, 0, epochs)
    told = {one: network.predict(trained, beats.beats) for one, beats in asked.items()}
    done.write(told)
    epochs.discard()
    return told


def fitted_temperature(logits: Floats, beats: BeatSet) -> float:
    """What to divide logits by, for the likelihood to be greatest (arXiv:1706.04599)."""
    true = network.indices(beats)

    def surprise(temperature: float) -> float:
        return -float(log_softmax(logits / temperature, axis=1)[np.arange(len(true)), true].mean())

    return round(float(minimize_scalar(surprise, bounds=(0.3, 5.0), method="bounded").x), 4)


def chosen_threshold(probability: Floats, beats: BeatSet) -> float:
    """From which probability abnormal beats are told best, by F1, in steps of 0.05."""
    abnormal = 1.0 - probability[:, 0]
    steps = np.arange(0.3, 0.71, 0.05).round(2).tolist()
    f1 = [score(beats.abnormal, abnormal, threshold).f1 or 0.0 for threshold in steps]
    return float(steps[int(np.argmax(f1))])


def random_scores(
    recordings: Recordings, parameters: ContextParameters, kept: Checkpoints
) -> JsonObject:
    """The published data set's protocol: beats of all records, dealt 70/15/15 at random."""
    beats = join([published_rows(recording) for recording in recordings.values()])
    train, _, test = random_split(beats.abnormal, *SHARES, parameters.seed)
    parameters = replace(parameters, dropout=parameters.random_dropout)
    unit = kept.unit("random split")
    trained = network.fit(
        beats.take(train), parameters, parameters.random_epochs, 0, unit, known=True
    )
    left = beats.take(test)
    told = softmax(network.predict(trained, left.beats), axis=1)
    stated = asdict(score(left.abnormal, 1.0 - told[:, 0], 0.5))
    stated["accuracy_of_classes"] = float(np.mean(told.argmax(axis=1) == network.indices(left)))
    print(f"random split, at annotated beats (leaky): {stated}", flush=True)
    return stated


def _report(
    title: str, beats: BeatSet, logits: Floats, recordings: Recordings, names: tuple[str, ...]
) -> JsonObject:
    probability = softmax(logits, axis=1)
    found = confusions(beats, probability, {name: recordings[name].beat_class for name in names})
    stated = report(beats, probability, found)
    print(class_table(title, stated), flush=True)
    return stated


if __name__ == "__main__":
    main(Path(sys.argv[1]))
