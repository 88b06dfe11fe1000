"""The network behind one small interface: beats in, probabilities of their classes out.

LiteRT (https://ai.google.dev/edge/litert) runs the weights on one thread. An artefact is a
``.tflite`` file with a ``.json`` file of the same name beside it that states, among others,
the digest of the weights and of the preprocessing they were trained with. The baseline network
sees a row's crop alone and knows normal from abnormal only.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from analysis.beats import BEAT_SAMPLES, BEAT_VALUES, CROP_VERSION, PREPROCESSING_VERSION
from core.ecg import BeatClass
from core.errors import Incorrect

CLASSES = tuple(BeatClass)
"""The order of a row's probabilities: N S V F Q."""
ARTEFACTS = Path(__file__).parents[1] / "model" / "artefacts"
DEFAULT_ARTEFACT = ARTEFACTS / "context.tflite"
BASELINE_ARTEFACT = ARTEFACTS / "baseline.tflite"
BATCH = 4
"""Beats per run. One size only, short batches padded: every beat then takes the very same
path through the kernels, so its probability does not depend on its batch companions. A turn of a
few live sessions has some five beats, and padding costs as much as beats do: at 32 a run took
0.6 ms, at 4 it takes 0.08; many beats take a tenth longer."""

Beats = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]


class Classifier(Protocol):
    """Anything that says how likely a beat is of each class."""

    @property
    def model_id(self) -> str:
        """Name of the weights, for the record: architecture and first digits of their digest."""

    @property
    def threshold(self) -> float:
        """Probability of abnormal (1 less that of N) from which a beat counts as abnormal."""

    def predict(self, beats: Beats) -> Probabilities:
        """Probabilities float32[n, 5] of CLASSES for rows float32[n, BEAT_VALUES].

        The rows are those of analysis.context. Where a network knows normal from abnormal only,
        all but the first column are NaN.
        """


@dataclass(frozen=True, slots=True)
class Card:
    """What serving must know of an artefact; the rest of its JSON file is for people."""

    model_id: str
    threshold: float
    weights_sha256: str
    preprocessing_version: str


class LiteRtClassifier:
    """Classifier on LiteRT, one thread; calls from several threads wait for each other.

    Raises ValueError or RuntimeError for weights that LiteRT cannot run on the card's rows.
    """

    def __init__(self, weights: bytes, card: Card) -> None:
        self._card = card
        self._lock = Lock()
        self._interpreter = Interpreter(model_content=weights, num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._is_baseline = card.preprocessing_version == CROP_VERSION
        self._shape = (BATCH, BEAT_SAMPLES, 1) if self._is_baseline else (BATCH, BEAT_VALUES)
        self._interpreter.resize_tensor_input(self._input, self._shape)
        self._interpreter.allocate_tensors()
        columns = 1 if self._is_baseline else len(CLASSES)
        told = self._run(np.zeros((0, BEAT_VALUES), dtype=np.float32))
        if told.shape != (BATCH, columns):
            raise ValueError(f"{told.shape} for {BATCH} beats where each has {columns} numbers")

    @property
    def model_id(self) -> str:
        """Name of the weights."""
        return self._card.model_id

    @property
    def threshold(self) -> float:
        """Probability from which a beat counts as abnormal."""
        return self._card.threshold

    def predict(self, beats: Beats) -> Probabilities:
        """Probabilities float32[n, 5] for rows float32[n, BEAT_VALUES]; n may be 0."""
        probabilities = np.full((len(beats), len(CLASSES)), np.nan, dtype=np.float32)
        with self._lock:
            for start in range(0, len(beats), BATCH):
                part = beats[start : start + BATCH]
                told = self._run(part)[: len(part)]
                if self._is_baseline:
                    probabilities[start : start + BATCH, 0] = 1 - told[:, 0]
                else:
                    probabilities[start : start + BATCH] = told
        return probabilities

    def _run(self, part: Beats) -> Probabilities:
        batch = np.zeros((BATCH, self._shape[1]), dtype=np.float32)
        batch[: len(part)] = part[:, : self._shape[1]]
        self._interpreter.set_tensor(self._input, batch.reshape(self._shape))
        self._interpreter.invoke()
        result: Probabilities = self._interpreter.get_tensor(self._output)
        return result


def read_card(path: Path) -> Card:
    """The card beside the weights at ``path``.

    Raises Incorrect if it cannot be read, or if its threshold is no share between 0 and 1.
    """
    try:
        content = json.loads(path.with_suffix(".json").read_bytes())
        card = Card(
            model_id=str(content["model_id"]),
            threshold=float(content["threshold"]),
            weights_sha256=str(content["weights_sha256"]),
            preprocessing_version=str(content["preprocessing_version"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Incorrect(f"no readable model card beside {path}: {error!r}") from error
    if not 0.0 < card.threshold < 1.0:
        raise Incorrect(f"the card beside {path} has the threshold {card.threshold}")
    return card


def load_classifier(path: Path | None = None) -> Classifier:
    """The artefact at ``path`` (a .tflite file), or the one that is served by default.

    Raises Incorrect if a file is missing, if the weights are not those of their card or cannot be
    run, or if they were trained on beats that were cut in another way than this code cuts them.
    """
    path = path or DEFAULT_ARTEFACT
    card = read_card(path)
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise Incorrect(f"no readable weights: {error}") from error
    if sha256(weights).hexdigest() != card.weights_sha256:
        raise Incorrect(f"{path} is not the file its card describes")
    if card.preprocessing_version not in (PREPROCESSING_VERSION, CROP_VERSION):
        raise Incorrect(
            f"{path} was trained with preprocessing {card.preprocessing_version[:12]}, this is "
            f"{PREPROCESSING_VERSION[:12]}: train again (hisbundle train) before serving"
        )
    try:
        return LiteRtClassifier(weights, card)
    except (ValueError, RuntimeError) as error:
        raise Incorrect(f"{path} holds no network for these beats: {error}") from error
