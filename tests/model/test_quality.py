"""The validation of signal quality on a made record: noise found, errors counted."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from core.errors import Incorrect
from model.noise import NoiseKind
from model.quality import main, report, table
from model.quality_strips import EXCERPT_STRIPS, score_record
from model.reference_marks import reference_marks
from tests.model.synthetic import RATE_HZ, write_record


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of six and a half minutes, under the name of one of DS1, noisy for 24 s."""
    made = tmp_path_factory.mktemp("records")
    write_record(made, "101", 380, 1)
    record = str(made / "101")
    marks, header = wfdb.rdann(record, "atr"), wfdb.rdrecord(record)
    rng = np.random.default_rng(2)
    lead = header.p_signal.copy()
    lead[60 * RATE_HZ : 84 * RATE_HZ, 0] += rng.normal(0, 0.8, 24 * RATE_HZ)
    form = {"units": ["mV"], "sig_name": ["MLII"], "fmt": ["16"], "write_dir": str(made)}
    wfdb.wrsamp("101", fs=RATE_HZ, p_signal=lead, **form)
    extra = [(0, "+", 0, "(N"), (60, "~", 1, ""), (84, "~", 0, ""), (90, "~", 2, "")]
    extra.append((200, "+", 0, "(B"))
    rows = [(int(at), symbol, 0, "") for at, symbol in zip(marks.sample, marks.symbol, strict=True)]
    rows = [row for row in rows if row[1] != "+"]
    rows += [(at * RATE_HZ + 1, symbol, sub, note) for at, symbol, sub, note in extra]
    samples, symbols, subtypes, notes = zip(*sorted(rows), strict=True)
    wfdb.wrann(
        "101", "atr", np.array(samples), list(symbols), np.array(subtypes), aux_note=list(notes),
        write_dir=str(made),
    )  # fmt: skip
    return made


def test_marks_are_read_of_the_first_signal(folder: Path) -> None:
    marks = reference_marks(folder / "101")
    assert [(round(begin), round(end)) for begin, end, _ in marks.noise] == [(60, 84)]
    assert marks.noisy_s(80, 100) == pytest.approx(4, abs=0.01)
    assert marks.rhythms_in(190, 210, 5.0) == {"N", "B"}
    assert marks.rhythms_in(190, 210, 11.0) == frozenset()


def test_strips_are_scored_clean_and_with_noise(folder: Path) -> None:
    strips = score_record(folder / "101", 1)
    whole = [s for s in strips if s.kind is None]
    assert len(whole) == 31
    clean = [s for s in whole if s.noisy_s == 0]
    assert all(s.readable and s.missed + s.surplus == 0 for s in clean[1:-1])
    assert not any(s.readable for s in whole if s.noisy_s > 10)
    wander = [s for s in strips if s.kind is NoiseKind.BASELINE_WANDER]
    assert len(wander) == 7 * EXCERPT_STRIPS
    assert {s.kind for s in strips} == {None, NoiseKind.BASELINE_WANDER}  # no room for others


def test_the_report_is_plain_and_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = report(folder)
    (split,) = told["by_split"].values()
    assert list(told["by_split"]) == ["DS1"]
    assert split["annotated"]["auc_seconds"] > 0.95
    assert split["annotated"]["noisy_seconds"] > 20
    assert split["rhythms"]["B"]["share_readable"] == 1.0
    assert split["noise"]["baseline-wander"]["24 dB"]["share_readable"] == 1.0
    assert split["noise"]["muscle"]["-6 dB"]["auc"] is None
    assert main([str(folder), "101"]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == table(told).strip()
    assert printed.err == "101\n"


def test_a_record_without_annotations_is_refused(tmp_path: Path) -> None:
    write_record(tmp_path, "bare", 5, 1)
    (tmp_path / "bare.atr").unlink()
    with pytest.raises(Incorrect, match="bare"):
        report(tmp_path)
