"""The evaluation as a whole: two made records, every section, both files, and once more."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import Incorrect
from model.evaluation.run import SECTIONS, evaluate
from model.evaluation.section import Section
from model.evaluation.source import find_sources
from model.evaluation.style import render
from tests.model.synthetic import write_record

DOCUMENT = Path(__file__).parents[3] / "model" / "EVALUATION.md"
PLACEHOLDERS = {"901", "902", "ECG", "MLII", "not stated", "men", "women"}
"""Names of records, and values of traits."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two records of a minute."""
    made = tmp_path_factory.mktemp("wfdb")
    for seed, name in enumerate(("901", "902")):
        write_record(made, name, 60, seed)
    return made


def run(
    folder: Path, out: Path, sections: Sequence[Section] = SECTIONS
) -> tuple[dict[str, object], list[str], list[str]]:
    bars: list[str] = []
    lines: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        bars.append(f"{what} {done}/{total}")

    report = evaluate(folder, out, progress=progress, tell=lines.append, sections=sections)
    return report, lines, bars


def undocumented(sections: dict[str, dict[str, object]]) -> set[str]:
    """Keys of the sections, and those below them, that EVALUATION.md does not tell of."""
    text = DOCUMENT.read_text()
    keys = {key for section in sections.values() for key in section}
    for section in sections.values():
        for value in section.values():
            below = list(value.values()) if isinstance(value, dict) else []
            keys |= {key for each in below if isinstance(each, dict) for key in each}
    return {key for key in keys - PLACEHOLDERS if key not in text}


def test_a_run_writes_both_files_and_a_second_one_repeats_it(folder: Path, tmp_path: Path) -> None:
    report, lines, bars = run(folder, tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told == report
    assert list(told["sections"]) == [section.name for section in SECTIONS]
    assert told["about"]["record_names"] == ["901", "902"]
    ours = told["sections"]["detectors"]["engines"]["ours"]
    assert ours["gross"]["f1"] > 0.98
    assert set(ours["records"]) == {"901", "902"}
    for target in told["targets"]:
        value = told
        for key in target["key"].split("."):
            value = value[key]
        # Where there was no case there is no figure: no share, or a count of none.
        assert not value if target["reached"] is None else value is not None
    printed = "\n".join(lines)
    assert "wfdb xqrs" in printed
    assert "Targets" in printed
    html = (tmp_path / "report.html").read_text()
    assert html.count("data:image/svg+xml;base64,") >= 6
    assert "http" not in html
    assert "detector: wfdb xqrs, whole record 2/2" in bars

    [first, *_] = SECTIONS[0].plots(told["sections"]["detectors"])
    assert render(first) == render(first)
    assert render(first, "png").startswith(b"\x89PNG")

    assert not undocumented(told["sections"]) | undocumented({"": told["about"]})
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "$" not in card
    assert told["about"]["weights_sha256"] in card
    assert "Abnormal beats by subgroup" in card

    again, _, _ = run(folder, tmp_path, SECTIONS[:1])
    assert again["about"] == told["about"]
    # CPU times too: nothing was computed again.
    assert again["sections"] == {"detectors": told["sections"]["detectors"]}


def test_records_are_told_apart_by_their_contents(folder: Path) -> None:
    one, two = find_sources(folder)
    assert (one.name, two.name) == ("901", "902")
    assert one.digest != two.digest
    assert find_sources(folder, ["902"]) == (two,)
    assert find_sources(folder) == (one, two)


def test_what_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="no WFDB records"):
        find_sources(tmp_path)
    with pytest.raises(Incorrect, match="903"):
        find_sources(folder, ["901", "903"])
