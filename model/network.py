"""The baseline network: two convolutions over one beat, 98,945 parameters.

TensorFlow's start-up chatter is switched off before it is imported.
"""

import os

import numpy as np
import numpy.typing as npt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow

from analysis.beats import BEAT_SAMPLES
from model.checkpoints import UNKEPT, Unit
from model.dataset import BeatSet
from model.parameters import Parameters

PARAMETER_COUNT = 98_945


def build(learning_rate: float) -> keras.Model:
    """The untrained network: float32[n, 187, 1] to the probability float32[n, 1] of abnormal."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((BEAT_SAMPLES, 1)),
            *_convolution(32),
            *_convolution(64),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile(keras.optimizers.Adam(learning_rate), loss="binary_crossentropy")
    return network


def _convolution(filters: int) -> list[keras.Layer]:
    layers = keras.layers
    return [
        layers.Conv1D(filters, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling1D(2),
        layers.Dropout(0.2),
    ]


def class_weights(abnormal: npt.NDArray[np.bool_]) -> dict[int, float]:
    """Weights that let both classes count alike, whatever their shares (1 if one is absent)."""
    counts = np.bincount(abnormal.astype(int), minlength=2)
    return {label: len(abnormal) / (2 * int(count) or 1) for label, count in enumerate(counts)}


def fit(
    train: BeatSet, validation: BeatSet, parameters: Parameters, unit: Unit = UNKEPT
) -> keras.Model:
    """A network trained until the validation loss has stopped falling; its best weights.

    Sets the seeds of Python, NumPy and TensorFlow and asks for deterministic kernels, so the
    same beats give the same weights on the same machine and library versions. A finished network
    is kept by ``unit`` and not trained again.
    """
    keras.utils.set_random_seed(parameters.seed)
    tensorflow.config.experimental.enable_op_determinism()
    network = build(parameters.learning_rate)
    generator = np.random.default_rng(parameters.seed)
    if unit.resume(network, generator, parameters.epochs):
        return network
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=parameters.patience, restore_best_weights=True
    )
    network.fit(
        train.beats[..., None],
        train.abnormal.astype(np.float32),
        validation_data=(validation.beats[..., None], validation.abnormal.astype(np.float32)),
        class_weight=class_weights(train.abnormal),
        epochs=parameters.epochs,
        batch_size=parameters.batch_size,
        callbacks=[stop, unit.told(parameters.epochs)],
        verbose=0,
    )
    unit.keep(network, generator, parameters.epochs, parameters.epochs)
    return network


def predict(network: keras.Model, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Probabilities float64[n] of abnormal for beats float32[n, 187]."""
    probabilities = network.predict(beats[..., None], batch_size=1024, verbose=0)
    return np.asarray(probabilities[:, 0], dtype=np.float64)
