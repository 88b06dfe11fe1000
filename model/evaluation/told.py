"""What every network beside the served one tells of a record's beats, each beat cut once.

Of the MIT-BIH records those of DS2 are taken (model.splits): the others were trained on. Elsewhere
all records count.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.classifier import load_classifier
from model.dataset import read_recording, served_rows
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context
from model.evaluation.source import Source
from model.splits import ALL_RECORDS, DS2


def unseen(sources: Sequence[Source]) -> list[Source]:
    """The records that the served weights were not trained on."""
    trained = set(ALL_RECORDS) - set(DS2)
    return [source for source in sources if source.name not in trained]


def artefacts(context: Context) -> list[Path]:
    """The served artefact, then the others of its folder by name."""
    others = sorted(context.artefact.parent.glob("*.tflite"))
    return [context.artefact, *(path for path in others if path != context.artefact)]


def told(sources: Sequence[Source], context: Context) -> dict[str, JsonObject]:
    """By record, of those unseen: ``classes`` of the detected beats (one letter each, SURPLUS for
    what is no beat), ``reference`` classes of all annotated ones, and ``networks``: by artefact,
    the probabilities of the five classes of each detected beat.
    """
    paths = artefacts(context)
    stamp = " ".join([context.code, *(load_classifier(path).model_id for path in paths)])
    return context.each("networks on unseen beats", stamp, unseen(sources), partial(_told, paths))


def probabilities(record: JsonObject, artefact: str) -> npt.NDArray[np.float32]:
    """float32[n, 5] of one record and artefact, as the classifier told them."""
    return np.array(record["networks"][artefact], dtype=np.float32).reshape(-1, 5)


def _told(paths: Sequence[Path], source: Source) -> JsonObject:
    recording = read_recording(source.path)
    beats = served_rows(recording, surplus=True)
    return {
        "classes": "".join(beats.classes.tolist()),
        "reference": "".join(recording.beat_class.tolist()),
        "networks": {p.stem: load_classifier(p).predict(beats.beats).tolist() for p in paths},
    }
