"""The model package: its layout, its bytes, and what it computes."""

import gzip
import io
import json
import shutil
import tarfile
from hashlib import sha256
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow
from typer.testing import CliRunner

from analysis.beats import BEAT_VALUES
from analysis.classifier import DEFAULT_ARTEFACT, load_classifier
from core.errors import Incorrect
from hisbundle.cli import app
from model.archive import MOST_BYTES, pack, read_package
from model.export import save_network
from model.package import package
from model.saved_model import PACKED, PLAIN, saved_model, values_per_beat

LAYOUT = ["saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(DEFAULT_ARTEFACT, tmp_path_factory.mktemp("package") / "model.tar.gz")


def names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return archive.getnames()


def test_the_layout_is_that_of_tensorflow_serving(made: Path) -> None:
    assert names(made) == [f"context/1/{name}" for name in ("assets.extra/card.json", *LAYOUT)]
    told = read_package(made)
    assert told.model_id == load_classifier().model_id
    assert told.digest == sha256(made.read_bytes()).hexdigest()
    assert len(told.content) < 1_000_000


def test_the_same_weights_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    again = package(DEFAULT_ARTEFACT, tmp_path / "deeper" / "again.tar.gz")
    assert again.read_bytes() == made.read_bytes()


def test_both_signatures_give_what_is_served(made: Path, tmp_path: Path) -> None:
    with tarfile.open(made) as archive:
        archive.extractall(tmp_path, filter="data")
    loaded = tensorflow.saved_model.load(str(tmp_path / "context" / "1"))
    beats = np.random.default_rng(5).random((300, BEAT_VALUES), dtype=np.float32)
    served = load_classifier().predict(beats)
    raw = tensorflow.constant([beat.tobytes() for beat in beats])
    for signature, given in ((PLAIN, tensorflow.constant(beats)), (PACKED, raw)):
        answer = loaded.signatures[signature](beats=given)["probabilities"].numpy()
        np.testing.assert_allclose(answer.reshape(served.shape), served, atol=1e-6)


def test_any_shape_of_one_input_and_one_output() -> None:
    context = keras.Input((211,))
    beat = keras.ops.expand_dims(context[:, :187], -1)
    hidden = keras.layers.Conv1D(4, 9, strides=4)(beat)
    hidden = keras.layers.GlobalMaxPooling1D()(hidden)
    hidden = keras.layers.Concatenate()([hidden, context[:, 187:]])
    network = keras.Model(context, keras.layers.Dense(5, activation="softmax")(hidden))
    assert values_per_beat(network) == 211
    assert sorted(saved_model(network)) == LAYOUT
    assert saved_model(network) == saved_model(network)


def test_what_serving_could_not_feed_is_refused() -> None:
    one, other = keras.Input((187,)), keras.Input((8,))
    both = keras.Model([one, other], keras.layers.Concatenate()([one, other]))
    with pytest.raises(Incorrect, match="one input"):
        values_per_beat(both)
    endless = keras.Input((None, 1))
    with pytest.raises(Incorrect, match="fixed shape"):
        values_per_beat(keras.Model(endless, keras.layers.GlobalMaxPooling1D()(endless)))


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    for suffix in (".tflite", ".json", ".keras"):
        shutil.copy(DEFAULT_ARTEFACT.with_suffix(suffix), tmp_path)
    return tmp_path / DEFAULT_ARTEFACT.name


def test_a_network_of_another_training_is_refused(artefact: Path, tmp_path: Path) -> None:
    network = keras.models.load_model(artefact.with_suffix(".keras"), compile=False)
    network.set_weights([weights * 1.01 for weights in network.get_weights()])
    save_network(network, artefact)
    with pytest.raises(Incorrect, match="not one training"):
        package(artefact, tmp_path / "model.tar.gz")


def test_a_missing_network_is_told(artefact: Path, tmp_path: Path) -> None:
    artefact.with_suffix(".keras").unlink()
    with pytest.raises(Incorrect, match="Keras network"):
        package(artefact, tmp_path / "model.tar.gz")
    assert not (tmp_path / "model.tar.gz").exists()


def foreign() -> dict[str, bytes]:
    """Files that are no package, by what is wrong with them."""
    raw = io.BytesIO()
    tarfile.open(fileobj=raw, mode="w").close()
    return {
        "nothing": b"",
        "no gzip": b"PK\x03\x04" + bytes(100),
        "cut off": pack("a", {"assets.extra/card.json": b"{}"})[:-20],
        "empty": gzip.compress(raw.getvalue()),
        "no card": pack("a", {"saved_model.pb": b""}),
        "a card that says nothing": pack("a", {"assets.extra/card.json": b"[]"}),
        "half a card": pack(
            "a", {"assets.extra/card.json": json.dumps({"model_id": "x"}).encode()}
        ),
    }


@pytest.mark.parametrize("what", foreign())
def test_what_is_no_package_of_ours_is_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(foreign()[what])
    with pytest.raises(Incorrect):
        read_package(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(Incorrect, match="larger"):
        read_package(path)


def test_the_command_writes_the_very_same_package(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.tar.gz"
    done = CliRunner().invoke(app, ["model", "package", "--out", str(out)])
    assert done.exit_code == 0, done.exception
    assert sha256(made.read_bytes()).hexdigest() in done.stdout
    assert out.read_bytes() == made.read_bytes()
