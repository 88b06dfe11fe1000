"""A Keras network as a TensorFlow SavedModel, byte for byte the same for the same weights.

https://www.tensorflow.org/guide/saved_model. Keras's own export numbers functions by what the
process did before and adds a random fingerprint. Here the graph is traced, its constants become
variables in the order of their names, and TensorFlow 1's builder writes both.
"""

import os
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import numpy.typing as npt
import tensorflow
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from core.errors import Incorrect

PLAIN, PACKED = "serving_default", "packed"
"""The signatures. Both take ``beats`` and give ``probabilities``: float32[n, values] as JSON
numbers, or string[n], each the little-endian float32 bytes of one beat (base64 in JSON: half as
long, quick to write, and exact)."""

Weights = npt.NDArray[np.float32]

v1 = tensorflow.compat.v1
tensorflow.get_logger().setLevel("ERROR")  # the builder is told to be old, each time


def values_per_beat(network: keras.Model) -> int:
    """How many numbers a beat has, whatever form the network gives them.

    Raises Incorrect for a network with several inputs or outputs, or an open shape.
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise Incorrect("only a network with one input and one output can be packaged")
    shape = network.inputs[0].shape[1:]
    if any(size is None for size in shape):
        raise Incorrect(f"the network's input has no fixed shape: {shape}")
    return prod(shape)


def saved_model(network: keras.Model) -> dict[str, bytes]:
    """The files of a SavedModel with the signatures PLAIN and PACKED, by path inside it.

    Raises Incorrect as values_per_beat does.
    """
    traced = _trace(network, values_per_beat(network))
    with TemporaryDirectory() as folder, tensorflow.Graph().as_default() as graph:
        path = Path(folder) / "model"
        signatures, weights = _signatures(traced, values_per_beat(network))
        builder = v1.saved_model.Builder(str(path))
        with v1.Session(graph=graph) as session:
            session.run(v1.global_variables_initializer(), weights)
            builder.add_meta_graph_and_variables(
                session, ["serve"], signatures, strip_default_attrs=True
            )
            builder.save()
        found = (file for file in path.rglob("*") if file.is_file())
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in found}


def _trace(network: keras.Model, values: int) -> tensorflow.types.experimental.ConcreteFunction:
    """The network's computation on float32[n, values], all in one graph, weights as constants."""
    shape = tuple(network.inputs[0].shape[1:])

    def probabilities(beats: tensorflow.Tensor) -> tensorflow.Tensor:
        return network(tensorflow.reshape(beats, (-1, *shape)), training=False)

    spec = tensorflow.TensorSpec([None, values], tensorflow.float32, name="beats")
    return convert_variables_to_constants_v2(
        tensorflow.function(probabilities).get_concrete_function(spec)
    )


def _signatures(
    traced: tensorflow.types.experimental.ConcreteFunction, values: int
) -> tuple[dict[str, object], dict[tensorflow.Tensor, Weights]]:
    """Both signatures in the current graph, and what their variables are to be initialised with."""
    definition, weights = _split(traced.graph.as_graph_def())
    # Fed, so that the graph does not hold a second copy of each weight.
    initial = {n: v1.placeholder(tensorflow.float32, weights[n].shape) for n in sorted(weights)}
    variables = {
        name: v1.Variable(value, name=f"weights_{i}", use_resource=True, trainable=False)
        for i, (name, value) in enumerate(initial.items())
    }
    plain = v1.placeholder(tensorflow.float32, [None, values], "beats")
    packed = v1.placeholder(tensorflow.string, [None], "packed")
    unpacked = tensorflow.io.decode_raw(packed, tensorflow.float32, little_endian=True)

    def run(beats: tensorflow.Tensor, scope: str) -> tensorflow.Tensor:
        values_of = {f"{name}:0": variable.read_value() for name, variable in variables.items()}
        return v1.import_graph_def(
            definition, {traced.inputs[0].name: beats, **values_of}, [traced.outputs[0].name], scope
        )[0]

    describe = v1.saved_model.predict_signature_def
    fitting = tensorflow.ensure_shape(unpacked, [None, values])
    signatures = {
        PLAIN: describe({"beats": plain}, {"probabilities": run(plain, "plain")}),
        PACKED: describe({"beats": packed}, {"probabilities": run(fitting, "unpacked")}),
    }
    return signatures, {value: weights[name] for name, value in initial.items()}


def _split(
    definition: tensorflow.compat.v1.GraphDef,
) -> tuple[tensorflow.compat.v1.GraphDef, dict[str, Weights]]:
    """The graph without its weights (float32 constants of more than one number), and these."""
    constants = {
        node.name: tensorflow.make_ndarray(node.attr["value"].tensor)
        for node in definition.node
        if node.op == "Const"
    }
    weights = {n: c for n, c in constants.items() if c.dtype == np.float32 and c.size > 1}
    rest = v1.GraphDef()
    rest.CopyFrom(definition)
    del rest.node[:]
    rest.node.extend(node for node in definition.node if node.name not in weights)
    return rest, weights
