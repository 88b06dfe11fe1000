"""What a training has done so far, on disk: a run that was broken off goes on where it stopped.

One NPZ file for each unit (https://numpy.org/doc/stable/reference/generated/numpy.savez.html), in
a folder named after a digest of all that the run depends on. A file is whole or not there: it is
written beside its place and renamed. A damaged one is told of and computed again.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

import keras
import numpy as np
import numpy.typing as npt

from model.progress import Progress, untold

Arrays = Mapping[str, npt.NDArray[np.generic]]
Tell = Callable[[str], None]
RUNS_KEPT = 4
"""Folders of runs that stay; the one used longest ago goes first."""
_DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Unit:
    """One network's training: where each epoch is kept (None: nowhere), and who is told of it."""

    name: str = "training"
    file: Path | None = None
    tell: Tell = print
    progress: Progress = untold

    def read(self) -> Arrays | None:
        """What was kept; None if nothing was, or if it is damaged, which is told."""
        if self.file is None or not self.file.exists():
            return None
        try:
            # NumPy leaves a file open that it was to open and could not read.
            with self.file.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except _DAMAGE as error:
            self.damaged(error)
            return None

    def damaged(self, error: Exception) -> None:
        """Say that the checkpoint is of no use; what it held is computed again."""
        self.tell(f"checkpoint {self.file} is damaged, {self.name} starts anew: {error}")

    def write(self, arrays: Arrays) -> None:
        """Keep arrays of any shape by name, in place of what was kept."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_suffix(f".{os.getpid()}.part")
        with unfinished.open("wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.file)

    def discard(self) -> None:
        """Forget what was kept."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def resume(self, network: keras.Model, generator: np.random.Generator, epochs: int) -> int:
        """Bring both to where they were kept; how many epochs are done, 0 if none is."""
        done, kept = 0, self.read()
        if kept is not None:
            try:
                done = _restore(network, generator, kept)
            except _DAMAGE as error:
                self.damaged(error)
        self.progress(f"{self.name}: epochs", done, epochs)
        return done

    def told(self, epochs: int) -> keras.callbacks.Callback:
        """What tells of each epoch of a training that Keras itself runs through."""

        def tell(epoch: int, _logs: object) -> None:
            self.progress(f"{self.name}: epochs", epoch + 1, epochs)

        return keras.callbacks.LambdaCallback(on_epoch_end=tell)

    def keep(
        self, network: keras.Model, generator: np.random.Generator, done: int, epochs: int
    ) -> None:
        """Keep weights, optimizer and random states after ``done`` epochs, and tell of them."""
        self.write(_state(network, generator, done))
        self.progress(f"{self.name}: epochs", done, epochs)


UNKEPT = Unit()
"""Of a training that keeps nothing."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The units of one run, in its ``folder`` (None: nothing is kept)."""

    folder: Path | None = None
    tell: Tell = print
    progress: Progress = untold

    def unit(self, name: str) -> Unit:
        """The unit of this name, which is a file's too."""
        file = None if self.folder is None else self.folder / f"{name.replace(' ', '-')}.npz"
        return Unit(name, file, self.tell, self.progress)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where trainings keep what they have done; ``folder`` None: nowhere.

    ``fresh``: forget what an earlier run of the same data, parameters and code has left.
    """

    folder: Path | None = None
    fresh: bool = False
    tell: Tell = print
    progress: Progress = untold

    def run(self, *depends_on: object) -> Checkpoints:
        """The checkpoints of the run that depends on these (anything that JSON can say)."""
        if self.folder is None:
            return Checkpoints(None, self.tell, self.progress)
        digest = sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
        folder = self.folder / digest[:32]
        if self.fresh and folder.exists():
            rmtree(folder)
        if any(folder.glob("*.npz")):
            self.tell(f"going on from the checkpoints in {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _forget(self.folder, folder)
        return Checkpoints(folder, self.tell, self.progress)


NOWHERE = Workplace()
"""Of trainings that keep nothing."""


def _forget(place: Path, current: Path) -> None:
    """Delete the runs used longest ago, never the current one; nothing but our own folders."""
    runs = [f for f in place.iterdir() if f.is_dir() and len(f.name) == 32 and f != current]
    for old in sorted(runs, key=lambda f: f.stat().st_mtime, reverse=True)[RUNS_KEPT - 1 :]:
        rmtree(old, ignore_errors=True)


def _state(network: keras.Model, generator: np.random.Generator, done: int) -> Arrays:
    """All that the next epoch depends on; the layers' random seeds are among the variables."""
    variables = [*network.variables, *network.optimizer.variables]
    return {
        "done": np.array(done),
        "generator": np.array(json.dumps(generator.bit_generator.state)),
        **{f"variable{i}": np.asarray(v.numpy()) for i, v in enumerate(variables)},
    }


def _restore(network: keras.Model, generator: np.random.Generator, kept: Arrays) -> int:
    """Put the state back. Raises ValueError or KeyError, before any change, if it does not fit."""
    network.optimizer.build(network.trainable_variables)
    variables = [*network.variables, *network.optimizer.variables]
    values = [kept[f"variable{i}"] for i in range(len(variables))]
    if any(tuple(v.shape) != a.shape for v, a in zip(variables, values, strict=True)):
        raise ValueError("another network's shapes")
    done, state = int(kept["done"]), json.loads(str(kept["generator"]))
    generator.bit_generator.state = state
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return done
