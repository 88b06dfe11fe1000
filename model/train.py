"""Training, both evaluations and the export in one run: ``python -m model.train DATA_DIR``.

The weights that are served come from the inter-patient split: they have never seen a patient
of DS2, so the figures stated beside them are honest. The random split is there to compare
with older work only; its network is thrown away.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np

from analysis.beats import BEAT_RATE_HZ
from model.checkpoints import NOWHERE, Checkpoints, Workplace
from model.dataset import (
    BeatSet,
    Recording,
    data_digest,
    join,
    published_beats,
    read_recordings,
    served_beats,
)
from model.evaluate import report, score
from model.evaluation.source import code_digest
from model.evidence import Evidence, weigh
from model.export import export, library_versions
from model.features import describe
from model.network import fit, predict
from model.parameters import Parameters, read_parameters
from model.splits import ALL_RECORDS, DS1, DS2, random_split
from model.tables import evidence_table, score_row, score_table_head

ARTEFACTS = Path(__file__).with_name("artefacts")

JsonObject = dict[str, object]
Parts = tuple[BeatSet, BeatSet, BeatSet]


def main(
    data_dir: Path,
    out_dir: Path = ARTEFACTS,
    epochs: int | None = None,
    workplace: Workplace = NOWHERE,
) -> Path:
    """Train on the 48 MIT-BIH records in ``data_dir`` and export to ``out_dir``.

    Prints both evaluations and the alert evidence as tables; returns the path of the weights.
    ``epochs`` bounds the training (unset: as model/train.toml says). The same data, code and
    libraries on the same machine give the same weights. With a ``workplace``, a run that was
    broken off need not train again what it had finished: each of the two networks. Raises
    Incorrect if a record cannot be read. Takes some ten minutes on two cores.
    """
    parameters = read_parameters()
    if epochs is not None:
        parameters = replace(parameters, epochs=epochs)
    recordings = read_recordings(data_dir, ALL_RECORDS, workplace.progress)
    digest = data_digest(data_dir, ALL_RECORDS)
    kept = workplace.run("baseline", digest, asdict(parameters), code_digest(), library_versions())
    print(score_table_head(), flush=True)
    leaky = random_parts(recordings, parameters)
    _, random = _train("random 70/15/15", leaky, parameters, kept)
    honest = inter_patient_parts(recordings, parameters)
    network, inter_patient = _train("inter-patient DS1->DS2", honest, parameters, kept)
    evidence = {
        "validation": alert_evidence(network, honest[1], recordings, parameters),
        "test": alert_evidence(network, honest[2], recordings, parameters),
    }
    for patients, rows in evidence.items():
        print(f"\n{evidence_table(patients, rows)}", flush=True)
    statement: JsonObject = {
        "data": {"source": "https://physionet.org/content/mitdb/1.0.0/", "sha256": digest},
        "parameters": asdict(parameters),
        "random_split": random,
        "inter_patient": inter_patient,
        "alert_evidence": {who: [asdict(row) for row in rows] for who, rows in evidence.items()},
    }
    path = export(network, out_dir, parameters.threshold, statement)
    describe(path, [recordings[name] for name in DS1])
    print(f"\nWrote {path} and {path.with_suffix('.json').name}")
    return path


def random_parts(recordings: Mapping[str, Recording], parameters: Parameters) -> Parts:
    """Training, validation and test beats of the published data set's protocol, all records."""
    beats = join([published_beats(recording) for recording in recordings.values()])
    train, validation, test = random_split(
        beats.abnormal, parameters.train_share, parameters.validation_share, parameters.seed
    )
    return beats.take(train), beats.take(validation), beats.take(test)


def inter_patient_parts(recordings: Mapping[str, Recording], parameters: Parameters) -> Parts:
    """Training and validation patients of DS1, and DS2 to test on, cut as they are served."""
    held_out = parameters.validation_records
    trained = [name for name in DS1 if name not in held_out]
    train, validation, test = (
        join([served_beats(recordings[name]) for name in names])
        for names in (trained, held_out, DS2)
    )
    return train, validation, test


def _train(
    title: str, parts: Parts, parameters: Parameters, kept: Checkpoints
) -> tuple[keras.Model, JsonObject]:
    """Fit on the first part, stop by the second, print and state the scores on the third."""
    train, validation, test = parts
    network = fit(train, validation, parameters, kept.unit(title.split()[0]))
    probability = predict(network, test.beats)
    print(score_row(title, score(test.abnormal, probability, parameters.threshold)), flush=True)
    return network, {
        "train_beats": len(train),
        "validation_beats": len(validation),
        "test": report(test, probability, parameters.threshold),
    }


def alert_evidence(
    network: keras.Model,
    beats: BeatSet,
    recordings: Mapping[str, Recording],
    parameters: Parameters,
) -> list[Evidence]:
    """What each rule k of n, from half of n to all, would have raised on these patients."""
    samples = sum(len(recordings[name].signal_mv) for name in np.unique(beats.records))
    hours = samples / BEAT_RATE_HZ / 3600
    flagged = predict(network, beats.beats) >= parameters.threshold
    n, close = parameters.window_beats, parameters.close_beats
    return [weigh(beats, flagged, k, n, close, hours) for k in range((n + 1) // 2, n + 1)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
