from pathlib import Path

import numpy as np
import pytest

from analysis.beats import BEAT_RATE_HZ
from core.errors import Incorrect
from model.dataset import (
    Recording,
    data_digest,
    join,
    published_beats,
    read_recording,
    served_beats,
)
from tests.model.synthetic import beat_set, write_record

SECONDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wfdb")
    write_record(folder, "900", SECONDS, seed=1)
    return folder


@pytest.fixture(scope="module")
def recording(folder: Path) -> Recording:
    return read_recording(folder / "900")


def test_a_record_is_read_at_the_network_rate_with_its_beats(recording: Recording) -> None:
    assert recording.signal_mv.shape == (SECONDS * BEAT_RATE_HZ,)
    assert len(recording.beat_at) == len(recording.beat_class) == 74
    assert set(recording.beat_class) == {"N", "V"}
    r = recording.beat_at[20]
    assert recording.signal_mv[r - 30 : r + 30].argmax() == pytest.approx(30, abs=2)


def test_a_missing_record_is_incorrect(tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="no readable WFDB record"):
        read_recording(tmp_path / "901")


def test_published_beats_are_all_but_the_last(recording: Recording) -> None:
    beats = published_beats(recording)
    assert len(beats) == len(recording.beat_at) - 1
    assert np.array_equal(beats.classes, recording.beat_class[:-1])


def test_served_beats_bear_the_class_of_their_reference(recording: Recording) -> None:
    beats = served_beats(recording)
    assert len(beats) >= 65
    assert beats.beats.dtype == np.float32
    assert set(beats.records) == {"900"}
    assert beats.abnormal.mean() == pytest.approx(1 / 4, abs=0.03)
    assert len(beats) < len(recording.beat_at), "the last peak has no following beat"


def test_sets_can_be_joined_and_chosen_from() -> None:
    both = join([beat_set(10, 1), beat_set(6, 2)])
    assert len(both) == 16
    assert set(both.take(both.records == "p2").records) == {"p2"}
    assert both.take(np.arange(10, 16)).beats.tolist() == beat_set(6, 2).beats.tolist()


def test_the_data_digest_follows_every_byte(folder: Path) -> None:
    before = data_digest(folder, ["900"])
    assert before == data_digest(folder, ["900"])
    header = folder / "900.hea"
    header.write_bytes(header.read_bytes() + b"\n")
    assert data_digest(folder, ["900"]) != before
