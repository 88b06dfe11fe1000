"""model.ec57: what counts as found, surplus and missed."""

import math
from pathlib import Path

import numpy as np
import pytest
import wfdb

from model.ec57 import Reference, Score, gross, main, match_beats, reference_beats, score_beats
from tests.analysis.synthetic import ecg, regular

RATE_HZ = 360


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of 30 s with its beats, one mark that is none, and flutter from 20 s on."""
    beats_s = regular(30)
    x = ecg(RATE_HZ, 30, beats_s)
    wfdb.wrsamp("made", RATE_HZ, ["mV"], ["MLII"], x[:, None], fmt=["16"], write_dir=str(tmp_path))
    marks = [(round(t * RATE_HZ), "N") for t in beats_s if t < 20]
    marks = sorted([*marks, (7000, "+"), (20 * RATE_HZ, "["), (30 * RATE_HZ - 1, "]")])
    at, symbols = zip(*marks, strict=True)
    wfdb.wrann("made", "atr", np.array(at), list(symbols), write_dir=str(tmp_path))
    return tmp_path / "made"


def test_a_beat_matches_within_150_ms() -> None:
    assert match_beats([1.0, 2.0, 3.0], [1.149, 1.849, 2.851]) == [(0, 0), (2, 2)]


def test_each_beat_is_matched_once_to_the_nearest() -> None:
    assert match_beats([1.0], [0.9, 1.02, 1.1]) == [(0, 1)]
    assert match_beats([0.9, 1.02, 1.1], [1.0]) == [(1, 0)]


def test_nothing_matches_nothing() -> None:
    assert match_beats([], [1.0]) == []
    assert match_beats([1.0], []) == []


def test_counts() -> None:
    assert score_beats(Reference(np.array([1.0, 2.0, 3.0])), [1.0, 2.5, 3.0, 4.0]) == Score(2, 2, 1)


def test_flutter_is_left_out_on_both_sides() -> None:
    reference = Reference(np.array([1.0, 5.0, 9.0]), ((4.0, 6.0),))
    assert score_beats(reference, [1.0, 4.5, 5.5]) == Score(1, 0, 1)


def test_shares() -> None:
    score = Score(tp=8, fp=2, fn=8)
    assert score.sensitivity == 0.5
    assert score.positive_predictivity == 0.8
    assert score.f1 == pytest.approx(2 * 0.5 * 0.8 / 1.3)
    assert math.isnan(Score(0, 0, 0).f1)
    assert gross([score, Score(1, 2, 3)]) == Score(9, 4, 11)
    assert gross([]) == Score(0, 0, 0)


def test_a_record_is_read_with_its_beats_and_flutter(record: Path) -> None:
    reference = reference_beats(record)
    assert reference is not None
    assert len(reference.beats_s) == np.sum(regular(30) < 20)
    assert reference.flutter == ((20.0, 30 - 1 / RATE_HZ),)


def test_the_first_seconds_of_a_record(record: Path) -> None:
    reference = reference_beats(record, seconds=10)
    assert reference is not None
    assert reference.beats_s.max() < 10


def test_without_annotations_there_is_no_reference(tmp_path: Path) -> None:
    assert reference_beats(tmp_path / "none") is None


@pytest.mark.parametrize("rate_hz", ["125", "360"])
def test_the_report(record: Path, capsys: pytest.CaptureFixture[str], rate_hz: str) -> None:
    assert main([str(record.parent), rate_hz]) == 0
    header, made, total = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["record", "TP", "FP", "FN"]
    assert made.split() == ["made", "25", "0", "0", "100.000", "100.000", "100.000"]
    assert total.split()[1:] == made.split()[1:]
