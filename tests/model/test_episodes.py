"""Episode scores by hand, and a made record streamed as it is served."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from core.ecg import RhythmKind, RhythmSpan
from core.errors import Incorrect
from model import urgent
from model.episodes import EpisodeScore, main, score, summed
from model.rhythm_reference import RhythmReference, Run, rhythm_reference
from model.rhythm_told import RATE_HZ, Told
from tests.analysis.synthetic import SINUS, VENTRICULAR, ecg

K = RhythmKind
NOTHING = {kind: list[tuple[float, float]]() for kind in RhythmKind}


def told(kind: RhythmKind, start_s: float, stop_s: float, at_s: float) -> Told:
    span = RhythmSpan(
        kind, round(start_s * RATE_HZ), round(stop_s * RATE_HZ), 5, None, verified=True
    )
    return Told(span, at_s)


def test_episodes_and_seconds_are_counted() -> None:
    reference = NOTHING | {K.VENTRICULAR_TACHYCARDIA: [(10.0, 20.0), (50.0, 60.0)]}
    found = [
        told(K.VENTRICULAR_TACHYCARDIA, 12, 16, 17),
        told(K.VENTRICULAR_TACHYCARDIA, 18, 22, 24),
        told(K.VENTRICULAR_TACHYCARDIA, 80, 82, 90),
        told(K.BIGEMINY, 50, 60, 61),
    ]
    one = score(K.VENTRICULAR_TACHYCARDIA, reference, found)
    assert (one.reference, one.detected, one.found, one.confirmed) == (2, 1, 3, 2)
    assert (one.reference_s, one.found_s, one.both_s) == (20.0, 10.0, 6.0)
    assert one.latency_s == (7.0,)
    assert one.shares() == (0.5, 2 / 3, 0.3, 0.6)
    assert EpisodeScore().shares() == (None,) * 4
    assert summed([dict.fromkeys(K, one)] * 2)[K.SINUS].reference == 4


def test_what_meets_flutter_is_left_to_fibrillation() -> None:
    reference = NOTHING | {K.VENTRICULAR_FIBRILLATION: [(10.0, 20.0)], K.SINUS: [(0.0, 10.5)]}
    found = [told(K.SINUS, 0, 11, 5), told(K.VENTRICULAR_FIBRILLATION, 11, 19, 18)]
    assert score(K.SINUS, reference, found).found == 0
    assert score(K.VENTRICULAR_FIBRILLATION, reference, found).detected == 1


def test_a_made_record_is_told_as_its_annotations_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = "N" * 20 + "NV" * 8 + "N" * 20 + "V" * 8 + "N" * 20
    gaps = [0.45 if kind == "V" else 0.8 for kind in kinds]
    beats_s = np.cumsum(gaps)
    seconds = float(beats_s[-1]) + 2
    waves = [VENTRICULAR if kind == "V" else SINUS for kind in kinds]
    signal_mv = ecg(360, seconds, beats_s, waves)
    wfdb.wrsamp(
        "100",
        fs=360,
        units=["mV"],
        sig_name=["MLII"],
        p_signal=signal_mv[:, None],
        fmt=["16"],
        write_dir=str(tmp_path),
    )
    at = np.round(beats_s * 360).astype(int)
    changes = {0: "(N", 21: "(B", 36: "(N"}
    samples, symbols, notes = list[int](), list[str](), list[str]()
    for i, kind in enumerate(kinds):
        if i in changes:
            samples, symbols = [*samples, at[i] - 1], [*symbols, "+"]
            notes.append(changes[i])
        samples, symbols, notes = [*samples, at[i]], [*symbols, kind], [*notes, ""]
    wfdb.wrann("100", "atr", np.array(samples), symbol=symbols, aux_note=notes, write_dir=tmp_path)
    reference = rhythm_reference(tmp_path / "100")
    assert [len(reference.spans[kind]) for kind in (K.SINUS, K.BIGEMINY)] == [2, 1]
    assert len(reference.spans[K.VENTRICULAR_TACHYCARDIA]) == 1
    assert main([str(tmp_path)]) == 0
    by_reference, *_ = capsys.readouterr().out.split("\n\n")
    lines = {line.split()[0]: line.split() for line in by_reference.splitlines()}
    for kind in (K.BIGEMINY, K.VENTRICULAR_TACHYCARDIA, K.VENTRICULAR_RUN):
        assert lines[kind][1:5] == ["1", "1", "100.0", "100.0"]
    assert float(lines[K.VENTRICULAR_TACHYCARDIA][-1]) <= 10
    assert lines[urgent.LONG_RUNS][1:4] == ["1", "1", "1"]
    assert lines[urgent.PAUSES][1:4] == ["0", "0", "0"]


def test_what_must_not_be_missed_is_counted_with_the_time_it_took() -> None:
    runs = (Run((10.0, 14.0), 5, 80.0), Run((30.0, 32.0), 3, 140.0), Run((50.0, 53.0), 3, 90.0))
    spans = NOTHING | {K.PAUSE: [(70.0, 73.5), (80.0, 85.0)]}
    reference = RhythmReference(spans, np.empty(0), (), runs)
    found = [
        told(K.VENTRICULAR_RUN, 10, 14, 21),
        told(K.VENTRICULAR_TACHYCARDIA, 11, 14, 18.5),
        told(K.ASYSTOLE, 80, 85, 86),
    ]
    counts = urgent.caught(reference, found)
    assert counts[urgent.LONG_RUNS] == urgent.Caught(1, 1, 1, 8.5)
    assert counts[urgent.FAST_RUNS] == urgent.Caught(1, 0, 0, None)
    assert counts[urgent.PAUSES] == urgent.Caught(2, 1, 1, 6.0)
    assert [name for name, one in counts.items() if urgent.is_met(name, one)] == [urgent.LONG_RUNS]
    assert urgent.summed([counts, counts])[urgent.PAUSES] == urgent.Caught(4, 2, 2, 6.0)
    late = urgent.caught(reference, found[:1])[urgent.LONG_RUNS]
    assert (late.found, late.in_time) == (1, 0)


def test_a_record_without_annotations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Incorrect):
        rhythm_reference(tmp_path / "100")
