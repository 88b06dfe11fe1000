"""The artefact: float32 LiteRT weights that are served, a JSON card, and the Keras network."""

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

from analysis.beats import PREPROCESSING_VERSION

NAME = "baseline"
LIBRARIES = (keras, numpy, scipy, tensorflow, wfdb)


def to_litert(network: keras.Model) -> bytes:
    """The network as a LiteRT flat buffer with float32 weights and a free batch size."""
    with redirect_stdout(StringIO()):  # the converter prints where it put its temporary files
        converted: bytes = tensorflow.lite.TFLiteConverter.from_keras_model(network).convert()
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
    weights = to_litert(network)
    digest = sha256(weights).hexdigest()
    card = {
        "model_id": f"{NAME}-{digest[:12]}",
        "weights_sha256": digest,
        "preprocessing_version": PREPROCESSING_VERSION,
        "threshold": threshold,
        "libraries": library_versions(),
        **statement,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / f"{NAME}.tflite"
    path.write_bytes(weights)
    save_network(network, path)
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
    return path
