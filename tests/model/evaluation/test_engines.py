"""Every detector finds plain beats where they are, and none brings the process down."""

from pathlib import Path

import numpy as np
import pytest

from model.ec57 import Floats, Reference, score_beats
from model.evaluation.cache import Cache
from model.evaluation.engines import ENGINES, Engine
from tests.analysis.synthetic import ecg, regular

RATE_HZ = 250.0
NAMED = [pytest.param(engine, id=engine.name) for engine in ENGINES]


@pytest.mark.parametrize("engine", NAMED)
def test_plain_beats_are_found(engine: Engine) -> None:
    beats_s = regular(60)
    x = ecg(RATE_HZ, 60, beats_s, noise_mv=0.01)
    inner = Reference(beats_s[(beats_s > 2) & (beats_s < 58)])
    found_s = engine.find(x, RATE_HZ)
    score = score_beats(inner, found_s[(found_s > 1.7) & (found_s < 58.2)])
    assert score.sensitivity > 0.95
    assert score.positive_predictivity > 0.95


@pytest.mark.parametrize("engine", [e for e in ENGINES if e.name.startswith("sleepecg")])
@pytest.mark.parametrize(
    "lead_mv", [np.zeros(0), np.ones(187), np.full(4000, 0.5), np.full(4000, np.nan)]
)
def test_sleepecg_is_kept_from_what_it_cannot_bear(engine: Engine, lead_mv: Floats) -> None:
    assert engine.find(lead_mv, RATE_HZ).size == 0


def test_spikes_at_the_refractory_period_do_not_overrun_sleepecg() -> None:
    spikes = np.zeros(3600)
    spikes[::73] = 1.0  # 203 ms at 360 Hz: more peaks than its C core has room for in 10 s
    for engine in ENGINES:
        if engine.name.startswith("sleepecg"):
            assert engine.find(spikes, 360.0).size == 0


def test_a_kept_result_equals_a_fresh_one_and_damage_counts_as_absent(tmp_path: Path) -> None:
    cache, asked = Cache(tmp_path), []

    def make() -> dict[str, object]:
        asked.append(1)
        return {"pair": (1, 2), "share": 0.1 + 0.2}

    first = cache.get(("a", "1"), make)
    assert first == {"pair": [1, 2], "share": 0.1 + 0.2}
    assert cache.get(("a", "1"), make) == first
    assert len(asked) == 1
    cache.get(("a", "2"), make)
    assert len(asked) == 2
    for file in tmp_path.glob("*.json"):
        file.write_text("{")
    assert cache.get(("a", "1"), make) == first
    assert len(asked) == 3
