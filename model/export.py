"""The artefacts: LiteRT weights, float32 and int8, a JSON card beside each, the Keras network."""

import json
import warnings
from contextlib import redirect_stdout
from hashlib import sha256
from io import StringIO
from pathlib import Path

import keras
import numpy
import scipy
import tensorflow
import wfdb

from analysis.beats import CROP_VERSION, PREPROCESSING_VERSION
from analysis.classifier import load_classifier
from model.dataset import BeatSet

NAME = "baseline"
CONTEXT_NAME = "context"
LIBRARIES = (keras, numpy, scipy, tensorflow, wfdb)


def to_litert(network: keras.Model, int8: bool = False) -> bytes:
    """The network as a LiteRT flat buffer with a free batch size.

    ``int8``: weights in 8 bits (dynamic range), sums and activations in float32.
    """
    with redirect_stdout(StringIO()):  # the converter prints where it put its temporary files
        converter = tensorflow.lite.TFLiteConverter.from_keras_model(network)
        if int8:
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converted: bytes = converter.convert()
    return converted


def library_versions() -> dict[str, str]:
    """Versions of the libraries that the weights depend on."""
    return {library.__name__: str(library.__version__) for library in LIBRARIES}


def save_network(network: keras.Model, path: Path) -> None:
    """Keep the network itself beside the weights at ``path``, without its optimiser's state."""
    bare = type(network).from_config(network.get_config())
    bare.set_weights(network.get_weights())
    with warnings.catch_warnings():
        # Keras 3.15 asks TensorFlow's variables for arrays in a way that NumPy 2 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        bare.save(path.with_suffix(".keras"))


def export(
    network: keras.Model, out_dir: Path, threshold: float, statement: dict[str, object]
) -> Path:
    """Write ``baseline.tflite``, ``.json`` and ``.keras`` into ``out_dir``; the path of the first.

    ``statement`` is what else the card says: data, parameters, metrics.
    """
    path = _write(to_litert(network), out_dir, NAME, threshold, CROP_VERSION, statement)
    save_network(network, path)
    return path


def export_context(
    network: keras.Model,
    out_dir: Path,
    threshold: float,
    statement: dict[str, object],
    beats: BeatSet,
) -> Path:
    """Write ``context`` and ``context-int8`` into ``out_dir``; the path of the first.

    Both cards say on how many of ``beats`` they decide alike, by class and by abnormal.
    """
    version, small = PREPROCESSING_VERSION, f"{CONTEXT_NAME}-int8"
    named = {CONTEXT_NAME: to_litert(network), small: to_litert(network, int8=True)}
    paths = [_write(w, out_dir, name, threshold, version, {}) for name, w in named.items()]
    statement = {"agreement": agreement(paths[0], paths[1], beats), **statement}
    for name, weights in named.items():
        _write(weights, out_dir, name, threshold, version, statement)
    save_network(network, paths[0])
    return paths[0]


def agreement(one: Path, other: Path, beats: BeatSet) -> dict[str, float]:
    """Shares of the beats on which two artefacts decide alike, and their largest difference."""
    first, second = (load_classifier(path).predict(beats.beats) for path in (one, other))
    threshold = load_classifier(one).threshold
    return {
        "classes": float(numpy.mean(first.argmax(axis=1) == second.argmax(axis=1))),
        "abnormal": float(
            numpy.mean((1 - first[:, 0] >= threshold) == (1 - second[:, 0] >= threshold))
        ),
        "largest_difference": float(numpy.abs(first - second).max()),
    }


def _write(
    weights: bytes,
    out_dir: Path,
    name: str,
    threshold: float,
    preprocessing_version: str,
    statement: dict[str, object],
) -> Path:
    digest = sha256(weights).hexdigest()
    card = {
        "model_id": f"{name}-{digest[:12]}",
        "weights_sha256": digest,
        "preprocessing_version": preprocessing_version,
        "threshold": threshold,
        "libraries": library_versions(),
        **statement,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / f"{name}.tflite"
    path.write_bytes(weights)
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
    return path
