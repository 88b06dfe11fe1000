"""The numbers of a training run, read from model/train.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PARAMETERS = Path(__file__).with_name("train.toml")


@dataclass(frozen=True, slots=True)
class Parameters:
    """One training run; shares are parts of 1, ``threshold`` is a probability."""

    seed: int
    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    threshold: float
    train_share: float
    validation_share: float
    validation_records: tuple[str, ...]
    window_beats: int
    close_beats: int


@dataclass(frozen=True, slots=True)
class ContextParameters:
    """One training run of the network with context; weights are factors of a beat's loss."""

    seed: int
    members: int
    epochs: int
    random_epochs: int
    random_dropout: float
    batch_size: int
    learning_rate: float
    weight_decay: float
    filters: int
    dropout: float
    variants: int
    weight_s: float
    weight_v: float
    weight_f: float
    folds: tuple[tuple[str, ...], ...]


def read_context_parameters(path: Path = DEFAULT_PARAMETERS) -> ContextParameters:
    """The ``context`` table of a TOML file of the form of model/train.toml."""
    content = tomllib.loads(path.read_text())["context"]
    folds = tuple(tuple(names) for names in content.pop("folds"))
    return ContextParameters(**content, folds=folds)


def read_parameters(path: Path = DEFAULT_PARAMETERS) -> Parameters:
    """The parameters in a TOML file of the form of model/train.toml (KeyError if one lacks)."""
    content = tomllib.loads(path.read_text())
    training, random = content["training"], content["random_split"]
    return Parameters(
        seed=training["seed"],
        epochs=training["epochs"],
        patience=training["patience"],
        batch_size=training["batch_size"],
        learning_rate=training["learning_rate"],
        threshold=content["serving"]["threshold"],
        train_share=random["train"],
        validation_share=random["validation"],
        validation_records=tuple(content["inter_patient"]["validation"]),
        window_beats=content["evidence"]["window_beats"],
        close_beats=content["evidence"]["close_beats"],
    )
