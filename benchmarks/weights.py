"""The served weights back in a Keras network, so that both runtimes compute the same thing.

The converter folds batch normalisation into the convolutions; here it becomes the identity.
"""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.network import build


def keras_of(artefact: Path) -> Any:
    """The network of ``model.network`` with the weights of a ``.tflite`` file."""
    weights = _weights(artefact)
    network = build(1e-3)
    for number, filters in enumerate((32, 64)):
        first = 5 * number  # convolution, normalisation, ReLU, pooling, dropout
        kernel = weights["conv", 4, filters]
        bias = weights["conv", 1, filters]
        # (filters, 1, width, channels) there, (width, channels, filters) here
        network.layers[first].set_weights([kernel[:, 0].transpose(1, 2, 0), bias])
        _make_identity(network.layers[first + 1], filters)
    for layer, units in ((-3, 32), (-1, 1)):
        network.layers[layer].set_weights(
            [weights["dense", 2, units].T, weights["dense", 1, units]]
        )
    return network


def _make_identity(normalisation: Any, filters: int) -> None:
    ones, zeros = np.ones(filters), np.zeros(filters)
    gamma = np.sqrt(ones + normalisation.epsilon)
    normalisation.set_weights([gamma, zeros, zeros, ones])


def _weights(artefact: Path) -> dict[tuple[str, int, int], Any]:
    """Constant tensors by kind of layer, number of dimensions, and filters or units."""
    interpreter = Interpreter(model_path=str(artefact), num_threads=1)
    found: dict[tuple[str, int, int], Any] = {}
    for about in interpreter.get_tensor_details():
        shape = about["shape"]
        if about["dtype"] is np.float32 and len(shape):
            key = ("dense" if "dense" in about["name"] else "conv", len(shape), int(shape[0]))
            if key not in found:  # constants stand before what is computed from them
                found[key] = _constant(interpreter, about["index"])
    return found


def _constant(interpreter: Any, index: int) -> Any:
    try:
        return interpreter.get_tensor(index)
    except ValueError:  # computed, and nothing has been yet
        return None
