"""The served network: convolutions over window and usual beat, joined by the timing.

Input is a row of analysis.context, output the probabilities of N S V F Q. Q has five beats in DS1
(paced records are left out): it is an output that next to nothing teaches, and is hardly ever told.
"""

import os

import numpy as np
import numpy.typing as npt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow

from analysis.beats import BEAT_SAMPLES, BEAT_VALUES
from analysis.classifier import CLASSES
from analysis.patient.window import WINDOW_SAMPLES
from model.checkpoints import UNKEPT, Unit
from model.dataset import BeatSet
from model.parameters import ContextParameters

WINDOW = slice(BEAT_SAMPLES, BEAT_SAMPLES + WINDOW_SAMPLES)
USUAL = slice(WINDOW.stop, WINDOW.stop + WINDOW_SAMPLES)
CONTEXT = slice(USUAL.stop, BEAT_VALUES)
JITTER = 2
"""Samples by which an R peak is moved in training, either way."""
LEAST_DEVIATION = 0.05
PATIENT_BEATS = (20, 100)
"""A patient's beats of one abnormal class: never counted as fewer; from how many on each
counts less than one."""

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


def build(rows: Rows, parameters: ContextParameters) -> keras.Model:
    """One untrained member: float32[n, BEAT_VALUES] to logits float32[n, 5]; scales of ``rows``."""
    layers = keras.layers
    row = keras.Input((BEAT_VALUES,))
    beat, usual = row[:, WINDOW], row[:, USUAL]
    shape = _convolved(keras.ops.stack([beat, usual, beat - usual], axis=-1), parameters)
    context = rows[:, CONTEXT].astype(np.float64)
    deviation = context.std(axis=0) + LEAST_DEVIATION
    timing = layers.Normalization(mean=context.mean(axis=0), variance=deviation**2)(row[:, CONTEXT])
    timing = layers.Dropout(0.1)(layers.GaussianNoise(0.1)(timing))
    mild = keras.regularizers.L2(1e-4)
    timing = layers.Dense(64, activation="relu", kernel_regularizer=mild)(timing)
    joined = layers.Dropout(parameters.dropout)(layers.Concatenate()([shape, timing]))
    joined = layers.Dense(48, activation="relu")(joined)
    joined = layers.Dropout(parameters.dropout)(joined)
    return keras.Model(row, layers.Dense(len(CLASSES))(joined))


def _convolved(channels: keras.KerasTensor, parameters: ContextParameters) -> keras.KerasTensor:
    layers = keras.layers
    hidden = channels
    for factor, width in ((1, 7), (1, 5), (2, 5), (2, 3)):
        hidden = layers.Conv1D(factor * parameters.filters, width, padding="same", use_bias=False)(
            hidden
        )
        hidden = layers.ReLU()(layers.BatchNormalization()(hidden))
        hidden = layers.MaxPooling1D(2)(hidden)
    hidden = layers.Flatten()(layers.Conv1D(16, 1, activation="relu")(hidden))
    hidden = layers.Dropout(parameters.dropout)(hidden)
    return layers.Dense(24, activation="relu")(hidden)


def joined(members: list[keras.Model], temperature: float) -> keras.Model:
    """The served network: softmax of the members' mean logits over ``temperature``."""
    row = keras.Input((BEAT_VALUES,))
    logits = [member(row) for member in members]
    mean = logits[0] if len(logits) == 1 else keras.layers.Average()(logits)
    return keras.Model(row, keras.layers.Softmax()(mean / temperature))


def indices(beats: BeatSet) -> npt.NDArray[np.int64]:
    """The place of each beat's class in CLASSES."""
    return np.array([list(CLASSES).index(name) for name in beats.classes.tolist()], dtype=np.int64)


def weights(beats: BeatSet, parameters: ContextParameters) -> Rows:
    """How much each beat counts: by class, and less for each where one patient has many."""
    factors = {"S": parameters.weight_s, "V": parameters.weight_v, "F": parameters.weight_f}
    weight = np.ones(len(beats), dtype=np.float32)
    least, many = PATIENT_BEATS
    for name, factor in factors.items():
        for record in np.unique(beats.records):
            here = (beats.classes == name) & (beats.records == record)
            weight[here] = factor * np.sqrt(many / max(int(here.sum()), least))
    return weight


def augmented(rows: Rows, generator: np.random.Generator, *, turned: bool = True) -> Rows:
    """The rows with other gain, noise and R peaks a little off; ``turned``: half upside down."""
    n, changed = len(rows), rows.copy()
    sign = generator.choice([-1.0, 1.0] if turned else [1.0], size=(n, 1))
    sign = sign * np.exp(generator.normal(0, 0.08, (n, 1)))
    places = np.arange(WINDOW_SAMPLES) + generator.integers(-JITTER, JITTER + 1, (n, 1))
    places = np.clip(places, 0, WINDOW_SAMPLES - 1)
    beat = np.take_along_axis(rows[:, WINDOW], places, axis=1)
    level = np.abs(generator.normal(0, 0.03, (n, 1)))
    slope = generator.normal(0, 0.08, (n, 1)) * np.linspace(0, 1, WINDOW_SAMPLES)
    noisy = beat + level * generator.normal(size=beat.shape) + slope
    noisy = noisy + generator.normal(0, 0.05, (n, 1))
    changed[:, WINDOW], changed[:, USUAL] = sign * noisy, sign * rows[:, USUAL]
    return changed


def fit(
    beats: BeatSet,
    parameters: ContextParameters,
    epochs: int,
    member: int,
    unit: Unit = UNKEPT,
    *,
    known: bool = False,
) -> keras.Model:
    """One member, trained for ``epochs``; the same beats give the same weights.

    ``unit`` keeps each epoch: broken off and called again, it goes on, to the same weights.
    ``known``: it will be asked of these very patients. Then every beat counts alike and keeps its
    polarity: what makes a network fit for strangers only blurs what it can remember.
    """
    keras.utils.set_random_seed(parameters.seed + member)
    tensorflow.config.experimental.enable_op_determinism()
    generator = np.random.default_rng(parameters.seed + member)
    network = build(beats.beats, parameters)
    steps = max(epochs * len(beats) // parameters.batch_size, 1)
    rate = keras.optimizers.schedules.CosineDecay(parameters.learning_rate, steps)
    network.compile(
        keras.optimizers.AdamW(rate, weight_decay=parameters.weight_decay),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    target = indices(beats)
    weight = np.ones(len(beats), dtype=np.float32) if known else weights(beats, parameters)
    for done in range(unit.resume(network, generator, epochs), epochs):
        rows = augmented(beats.beats, generator, turned=not known)
        network.fit(rows, target, sample_weight=weight, batch_size=parameters.batch_size, verbose=0)
        unit.keep(network, generator, done + 1, epochs)
    return network


def predict(network: keras.Model, rows: Rows) -> Floats:
    """What the network says of float32[n, BEAT_VALUES]: float64[n, 5]."""
    return np.asarray(network.predict(rows, batch_size=4096, verbose=0), dtype=np.float64)
