"""What detector and served artefact say of a few minutes of signal, as figures to be stored.

``python -m tests.model.figures`` writes them anew into figures.json: after a change that is meant
to move them, with the new ones looked at. The MIT-BIH minutes stay as they are stored where the
database is not.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from analysis.classifier import Classifier, load_classifier
from model.ec57 import Floats, Reference, read_lead, reference_beats, score_beats
from model.evaluation.replay import replay
from simulator.rhythm import Rhythm
from simulator.synthetic import synthetic

STORED = Path(__file__).with_name("figures.json")
MITDB = Path(
    os.environ.get("HISBUNDLE_MITDB", Path(__file__).parents[3] / "shared" / "data" / "mitdb")
)
RATE_HZ, SECONDS = 125.0, 300
RECORDS = ("100", "208", "232")
"""Normal beats; ventricular and fusion beats; supraventricular beats with pauses."""
RHYTHMS = (Rhythm.SINUS, Rhythm.PVC, Rhythm.ATRIAL_FIBRILLATION)

Figures = dict[str, float]


def cases() -> Iterator[tuple[str, Callable[[], Figures]]]:
    """Names of what can be computed on this machine, and how."""
    for rhythm in RHYTHMS:
        yield f"synthetic {rhythm.value}", partial(_synthetic, rhythm)
    for name in RECORDS:
        if (MITDB / f"{name}.hea").is_file():
            yield f"mitdb {name}", partial(_recorded, name)


def _synthetic(rhythm: Rhythm) -> Figures:
    count = round(SECONDS * RATE_HZ)
    signal_mv = np.concatenate(list(islice(synthetic(rhythm, RATE_HZ, seed=1), 4 * SECONDS)))
    return figures(signal_mv[:count], None, load_classifier())


def _recorded(name: str) -> Figures:
    signal_mv = read_lead(MITDB / name, RATE_HZ)[: round(SECONDS * RATE_HZ)]
    return figures(signal_mv, reference_beats(MITDB / name, SECONDS), load_classifier())


def figures(signal_mv: Floats, reference: Reference | None, classifier: Classifier) -> Figures:
    """Counts and means over all beats and strips of float64[n] mV at RATE_HZ, as served."""
    strips = replay(signal_mv, RATE_HZ, classifier).findings
    beats = [beat for strip in strips for beat in strip.beats]
    at_s = np.array([beat.sample_index for beat in beats]) / RATE_HZ
    told = [b.abnormal_probability for b in beats if b.abnormal_probability is not None]
    result = {
        "beats": float(len(beats)),
        "classified": float(len(told)),
        "abnormal": float(sum(p >= classifier.threshold for p in told)),
        "probability_mean": float(np.mean(told)),
        "probability_deviation": float(np.std(told)),
        "rr_mean_ms": float(1000 * np.diff(at_s).mean()),
        "rr_deviation_ms": float(1000 * np.diff(at_s).std()),
        "readable": float(sum(strip.quality.readable for strip in strips)),
        "quality_mean": float(np.mean([strip.quality.score for strip in strips])),
    }
    score = {} if reference is None else asdict(score_beats(reference, at_s))
    return {name: round(value, 6) for name, value in (result | score).items()}


def main() -> None:
    """Store what this machine can compute; keep the rest."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    stored |= {name: compute() for name, compute in cases()}
    STORED.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
