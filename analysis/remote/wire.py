"""What is sent to TensorFlow Serving and what comes back.

https://www.tensorflow.org/tfx/serving/api_rest (row format). The signature ``packed`` of
model.saved_model takes the float32 bytes of a beat as a string: half the size of decimal
numbers, quick to write, and the very bytes that the local engine would see. The container passes
a JSON body on as it is; other content types would need code of ours inside it.
"""

from base64 import b64encode

import numpy as np
import numpy.typing as npt
import orjson

CONTENT_TYPE = "application/json"
SIGNATURE = "packed"
_BYTES_PER_NUMBER = 32
_BYTES_AROUND = 1024

Beats = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]


def encode(beats: Beats) -> bytes:
    """The request's body for beats float32[n, values]."""
    rows = np.ascontiguousarray(beats, dtype="<f4")
    instances = [{"b64": b64encode(row.tobytes()).decode()} for row in rows]
    return orjson.dumps({"signature_name": SIGNATURE, "instances": instances})


def longest_answer(beats: int, columns: tuple[int, ...]) -> int:
    """Bytes that an answer about so many beats can have at most."""
    return _BYTES_AROUND + beats * (2 + int(np.prod(columns)) * _BYTES_PER_NUMBER)


def decode(body: bytes, beats: int, columns: tuple[int, ...]) -> Probabilities:
    """The probabilities float32[beats, *columns] of an answer.

    Raises ValueError if it cannot be read, has another shape, or holds what is no probability.
    """
    try:
        with np.errstate(over="ignore"):  # beyond float32 it is infinite, and refused below
            predictions = np.asarray(orjson.loads(body)["predictions"], dtype=np.float32)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no predictions: {error!r}") from error
    if predictions.shape[:1] != (beats,):
        raise ValueError(f"{predictions.shape} predictions for {beats} beats")
    if predictions.size != beats * int(np.prod(columns)):
        raise ValueError(f"{predictions.shape} predictions where {columns} belong to a beat")
    if not ((predictions >= 0) & (predictions <= 1)).all():
        raise ValueError("a prediction is no probability")
    return predictions.reshape(beats, *columns)
