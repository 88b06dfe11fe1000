"""The baseline network on LiteRT beside the very same weights in Keras."""

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_SAMPLES
from analysis.classifier import BASELINE_ARTEFACT, load_classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from benchmarks.recorder import signal_bodies
from benchmarks.report import Row
from benchmarks.rounds import Contender, Size, compare, computing

NAME = "classifier"
BATCHES = (1, 32, 256)
_STARTED_US = 1_750_000_000_000_000
_PREDICT, _CALL, _SERVED = "Keras model.predict", "Keras model(x)", "LiteRT, the same weights"


async def run(size: Size) -> list[Row]:
    """Beats per second at several batch sizes; Keras with its default threads, LiteRT with one."""
    from benchmarks.weights import keras_of  # TensorFlow takes seconds to import

    network, served, beats = (
        keras_of(BASELINE_ARTEFACT),
        load_classifier(BASELINE_ARTEFACT),
        _beats(max(BATCHES)),
    )
    difference = np.abs(
        1 - served.predict(beats)[:, 0] - np.asarray(network(beats[:, :BEAT_SAMPLES, None]))[:, 0]
    ).max()
    rows: list[Row] = []
    for batch in BATCHES:
        repeats = size.of(64 if batch < 256 else 16, 2)
        part = beats[:batch]
        contenders = {
            _PREDICT: _keras(network.predict, part, max(2, repeats // 4), verbose=0),
            _CALL: _keras(network, part, repeats),
            _SERVED: _repeated(lambda part=part: served.predict(part), batch, repeats * 4),
        }
        for contender in contenders.values():
            await contender()  # Keras traces its graph on the first call of a shape
        speeds = await compare(contenders, size.rounds)
        rows += [
            speeds[case].row(
                NAME, f"{case}, batch {batch}", "beats", _PREDICT if case != _PREDICT else "", note
            )
            for case, note in (
                (_PREDICT, ""),
                (_CALL, ""),
                (_SERVED, f"largest difference of a probability {difference:.1e}"),
            )
        ]
    return rows


def _beats(count: int) -> npt.NDArray[np.float32]:
    """Rows as the pipeline makes them, float32[count, BEAT_VALUES]."""
    pipeline = SessionPipeline(Model("benchmark", 0.5))
    for seq, body in enumerate(signal_bodies(2 * count, _STARTED_US)):
        pipeline.push(seq, body, _STARTED_US)
    return pipeline.crops[:count]


def _keras(call: Any, beats: npt.NDArray[np.float32], repeats: int, **options: Any) -> Contender:
    x = beats[:, :BEAT_SAMPLES, None]
    return _repeated(lambda: np.asarray(call(x, **options)), len(beats), repeats)


def _repeated(work: Any, batch: int, repeats: int) -> Contender:
    def all_of_them() -> int:
        for _ in range(repeats):
            work()
        return batch * repeats

    return computing(all_of_them)
