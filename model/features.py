"""What the beats of the training look like, told in the artefact for the drift monitor.

``python -m model.features DATA_DIR [ARTEFACT]`` adds it to an artefact's JSON file.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_RATE_HZ
from analysis.classifier import DEFAULT_ARTEFACT, Classifier, load_classifier
from analysis.drift import FEATURES, amplitude_mv, features, histogram
from analysis.session.pipeline import Outcome, SessionPipeline
from core.ecg import CHUNKS_PER_STRIP
from model.dataset import Recording, read_recording
from model.evaluation.replay import replay
from model.splits import DS1

JsonObject = dict[str, object]


def training_features(recordings: Iterable[Recording], classifier: Classifier) -> JsonObject:
    """Edges and counts of each feature over recordings that pass through the served pipeline."""
    counts = {name: histogram(np.empty(0), f.edges) for name, f in FEATURES.items()}

    def see(pipeline: SessionPipeline, outcome: Outcome, beats: npt.NDArray[np.float32]) -> None:
        signals = (
            [pipeline.line.segments[-1].signal]
            if outcome.findings and pipeline.line.segments
            else []
        )
        heights = [amplitude_mv(signal_mv) for signal_mv in signals]
        for name, values in features(beats, outcome.findings, heights).items():
            counts[name] += histogram(values, FEATURES[name].edges)

    for recording in recordings:
        replay(recording.signal_mv, BEAT_RATE_HZ, classifier, at_once=CHUNKS_PER_STRIP, see=see)
    return {
        name: {"edges": list(FEATURES[name].edges), "counts": counts[name].tolist()}
        for name in FEATURES
    }


def describe(artefact: Path, recordings: Iterable[Recording]) -> None:
    """Write ``features`` of the training recordings into the JSON file beside ``artefact``."""
    told = training_features(recordings, load_classifier(artefact))
    card = artefact.with_suffix(".json")
    content = json.loads(card.read_text()) | {"features": told}
    card.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    folder, *named = map(Path, sys.argv[1:])
    describe(
        named[0] if named else DEFAULT_ARTEFACT, (read_recording(folder / name) for name in DS1)
    )
