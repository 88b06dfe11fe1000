"""One patient's hour: the whole analysis chunk by chunk, beside neurokit2 on the hour at once.

``neurokit2.ecg_process`` (https://neuropsychology.github.io/NeuroKit/functions/ecg.html) cleans,
finds R peaks, judges quality and delineates; it classifies no beat and keeps no state. The hour's
beats alone pass through the baseline in Keras and through the network as it is served.
"""

import neurokit2
import numpy as np

from analysis.beats import BEAT_SAMPLES
from analysis.classifier import BASELINE_ARTEFACT, Beats, Classifier, load_classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from benchmarks.recorder import CHUNK_S, RATE_HZ, signal_bodies
from benchmarks.report import Row
from benchmarks.rounds import Size, Speed, compare, computing
from core.chunk import ChunkBody

NAME = "hour"
HOUR_S = 3600.0
CHUNKS = round(HOUR_S / CHUNK_S)
_LEAST_CHUNKS = 16
_STARTED_US = 1_750_000_000_000_000
_LIBRARY = "neurokit2.ecg_process, whole hour"
_OURS = "our pipeline, chunk by chunk, classified"
_KERAS = "Keras model.predict of the baseline, the hour's beats"
_SERVED = "LiteRT as served, the hour's beats"


async def run(size: Size) -> list[Row]:
    """Beats per second of one core; the network's rows beside the baseline's."""
    from benchmarks.weights import keras_of  # TensorFlow takes seconds to import

    bodies = signal_bodies(size.of(CHUNKS, _LEAST_CHUNKS), _STARTED_US)
    classifier, network = load_classifier(), keras_of(BASELINE_ARTEFACT)
    signal_mv = np.concatenate([body.samples * (body.nv_per_lsb * 1e-6) for body in bodies])
    beats = _crops(bodies)
    inputs = beats[:, :BEAT_SAMPLES, None]
    network.predict(inputs, verbose=0)  # traces its graph
    whole = {
        _LIBRARY: computing(lambda: _library(signal_mv, len(beats))),
        _OURS: computing(lambda: _ours(bodies, classifier)),
    }
    alone = {
        _KERAS: computing(lambda: len(network.predict(inputs, verbose=0))),
        _SERVED: computing(lambda: len(classifier.predict(beats))),
    }
    rows: list[Row] = []
    hours = len(signal_mv) / RATE_HZ / HOUR_S
    for contenders, first in ((whole, _LIBRARY), (alone, _KERAS)):
        speeds = await compare(contenders, size.rounds)
        rows += [
            speed.row(
                NAME, case, "beats", first if case != first else "", _cost(speed, beats, hours)
            )
            for case, speed in speeds.items()
        ]
    return rows


def _cost(speed: Speed, beats: Beats, hours: float) -> str:
    beat_us = 1e6 / speed.per_second
    return f"{beat_us:.0f} µs a beat, {beat_us * len(beats) / hours / 1e6:.2g} s a patient-hour"


def _crops(bodies: list[ChunkBody]) -> Beats:
    pipeline = SessionPipeline(Model("benchmark", 0.5))
    for seq, body in enumerate(bodies):
        pipeline.push(seq, body, _STARTED_US)
    return pipeline.crops


def _library(signal_mv: "np.ndarray[tuple[int], np.dtype[np.float64]]", beats: int) -> int:
    neurokit2.ecg_process(signal_mv, sampling_rate=RATE_HZ)
    return beats


def _ours(bodies: list[ChunkBody], classifier: Classifier) -> int:
    pipeline, classified = SessionPipeline(Model("benchmark", 0.5)), 0
    for seq, body in enumerate(bodies):
        pipeline.push(seq, body, _STARTED_US)
        crops = pipeline.crops
        pipeline.resolve(classifier.predict(crops))
        classified += len(crops)
    return classified
