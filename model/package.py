"""``model.tar.gz`` from an artefact: the Keras network beside it, checked against what is served.

An artefact is ``<name>.tflite`` with its card ``<name>.json`` and its network ``<name>.keras``.
"""

from pathlib import Path

import keras
import numpy as np

from analysis.classifier import load_classifier
from core.errors import Incorrect
from model.archive import CARD, pack
from model.saved_model import saved_model, values_per_beat

TOLERANCE = 1e-5
"""Two runtimes sum float32 in another order; other weights are further apart than this."""
_TRIED = 256


def package(artefact: Path, out: Path) -> Path:
    """Write the package of the artefact at ``artefact`` (a .tflite file) to ``out``.

    Raises Incorrect if a file is missing or the card is not of these weights (load_classifier),
    if the Keras file is not of the same weights, or if its network cannot be packaged.
    """
    network = _network(artefact.with_suffix(".keras"))
    _compare(artefact, network)
    files = saved_model(network) | {CARD: artefact.with_suffix(".json").read_bytes()}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(pack(artefact.stem, files))
    return out


def _network(path: Path) -> keras.Model:
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise Incorrect(f"no readable Keras network at {path}: {error}") from error


def _compare(artefact: Path, network: keras.Model) -> None:
    """Raises Incorrect unless both give the same probabilities on made beats."""
    served = load_classifier(artefact)
    shape = (_TRIED, values_per_beat(network))
    beats = np.random.default_rng(0).random(shape, dtype=np.float32)
    expected = served.predict(beats)
    form = (_TRIED, *network.inputs[0].shape[1:])
    given = np.asarray(network(beats.reshape(form), training=False))
    if given.size != expected.size:
        raise Incorrect(f"{artefact} and its Keras network do not give the same outputs")
    apart = float(np.abs(given.reshape(expected.shape) - expected).max())
    if not apart <= TOLERANCE:
        raise Incorrect(f"{artefact} and its Keras network differ by {apart:.2g}: not one training")
