"""A training that was broken off ends with the weights of one that was not."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis.classifier import CLASSES
from model import context_network as network
from model import network as baseline
from model import train_context
from model.checkpoints import RUNS_KEPT, Unit, Workplace
from model.dataset import BeatSet, read_recording, served_rows
from model.parameters import read_context_parameters, read_parameters
from tests.model.synthetic import beat_set, write_record

Weights = list[npt.NDArray[np.float32]]

PARAMETERS = replace(
    read_context_parameters(), batch_size=32, filters=2, folds=(("901",), ("902",))
)
EPOCHS = 3
KILLED = """
import os, pickle, signal, sys
from pathlib import Path
from model import context_network
from model.checkpoints import Unit

def stop(what, done, total):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

beats, parameters, epochs = pickle.loads(Path(sys.argv[1]).read_bytes())
context_network.fit(beats, parameters, epochs, 0, Unit("a", Path(sys.argv[2]), progress=stop))
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BeatSet]:
    """The beats of half a minute of two patients."""
    folder = tmp_path_factory.mktemp("wfdb")
    for seed, name in enumerate(("901", "902")):
        write_record(folder, name, 30, seed)
    return {name: served_rows(read_recording(folder / name)) for name in ("901", "902")}


@pytest.fixture(scope="module")
def killed(rows: dict[str, BeatSet], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a process that was killed (kill -9) after two epochs of three."""
    folder = tmp_path_factory.mktemp("killed")
    file, asked = folder / "a.npz", folder / "asked"
    asked.write_bytes(pickle.dumps((rows["901"], PARAMETERS, EPOCHS)))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(asked), str(file)],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    return file


def trained(beats: BeatSet, unit: Unit) -> Weights:
    weights: Weights = network.fit(beats, PARAMETERS, EPOCHS, 0, unit).get_weights()
    return weights


def equal(one: Weights, other: Weights) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_killed_training_goes_on_to_the_same_weights(
    rows: dict[str, BeatSet], killed: Path, tmp_path: Path
) -> None:
    file, epochs = tmp_path / "a.npz", list[int]()
    file.write_bytes(killed.read_bytes())
    unit = Unit("a", file, progress=lambda _what, done, _total: epochs.append(done))
    resumed = trained(rows["901"], unit)
    assert epochs == [2, 3], "the first two were not trained again"
    assert equal(resumed, trained(rows["901"], Unit()))
    assert equal(resumed, trained(rows["901"], unit))
    assert epochs == [2, 3, 3], "nothing was left to train"


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty"])
def test_a_damaged_checkpoint_is_told_of_and_not_used(
    rows: dict[str, BeatSet], killed: Path, tmp_path: Path, damage: str
) -> None:
    file, lines = tmp_path / "a.npz", list[str]()
    content = bytearray(killed.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    file.write_bytes(b"" if damage == "empty" else content)
    if damage == "other":
        Unit("a", file).write({"done": np.array(1)})
    unbuilt, generator = network.build(rows["901"].beats, PARAMETERS), np.random.default_rng(1)
    unbuilt.compile("adamw")
    before = unbuilt.get_weights()
    done = Unit("a", file, lines.append).resume(unbuilt, generator, EPOCHS)
    assert done == 0
    assert equal(before, unbuilt.get_weights())
    assert len(lines) == 1
    assert "damaged, a starts anew" in lines[0]


def test_folds_that_are_done_are_not_trained_again(
    rows: dict[str, BeatSet], tmp_path: Path
) -> None:
    told: list[str] = []
    kept = Workplace(tmp_path, progress=lambda what, _done, _total: told.append(what)).run("any")
    logits = {name: np.full((len(beats), len(CLASSES)), 0.5) for name, beats in rows.items()}
    for i, (name, of) in enumerate(logits.items(), 1):
        kept.unit(f"fold {i} logits").write({name: of})
    parts = {name: [beats] for name, beats in rows.items()}
    _, found = train_context.out_of_fold(parts, PARAMETERS, kept)
    np.testing.assert_array_equal(found, np.concatenate(list(logits.values())))
    assert not told


def test_a_finished_baseline_is_not_trained_again(tmp_path: Path) -> None:
    parameters = replace(read_parameters(), epochs=2)
    told: list[int] = []
    unit = Unit("b", tmp_path / "b.npz", progress=lambda _what, done, _total: told.append(done))
    first = baseline.fit(beat_set(200, 1), beat_set(80, 2), parameters, unit)
    assert told == [0, 1, 2, 2]
    again = baseline.fit(beat_set(200, 1), beat_set(80, 2), parameters, unit)
    assert told[4:] == [2]
    assert equal(first.get_weights(), again.get_weights())


def test_runs_are_told_apart_and_only_the_last_ones_stay(tmp_path: Path) -> None:
    lines: list[str] = []
    place = Workplace(tmp_path, tell=lines.append)
    for i in range(RUNS_KEPT + 2):
        place.run("data", i).unit("x").write({"i": np.array(i)})
        os.utime(place.run("data", i).folder or tmp_path, (i, i))
    assert len(list(tmp_path.iterdir())) == RUNS_KEPT
    last = place.run("data", RUNS_KEPT + 1).unit("x")
    assert (last.read() or {})["i"] == RUNS_KEPT + 1
    assert "going on from" in lines[-1]
    assert place.run("other data").unit("x").read() is None
    fresh = Workplace(tmp_path, fresh=True).run("data", RUNS_KEPT + 1)
    assert fresh.unit("x").read() is None
