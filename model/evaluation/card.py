"""MODEL_CARD.md: words from a template, figures from the evaluation and the artefact's statement.

The headings are those of model cards (Mitchell 2019, doi:10.1145/3287560.3287596).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from model.evaluation.cache import JsonObject
from model.evaluation.page import cell
from model.evaluation.section import Cell, Section, Table, percent

TEMPLATE = Path(__file__).parents[1] / "MODEL_CARD.template.md"
WHOLE = frozenset({"classes", "network"})
"""Sections whose tables are all told; of the others, those that are printed."""
_RATIOS = ("accuracy", "precision", "recall", "specificity", "f1", "auc")


def card(
    about: JsonObject,
    parts: Sequence[tuple[Section, Sequence[Table]]],
    artefact: Path,
    template: Path = TEMPLATE,
) -> str:
    """The card of the weights at ``artefact``, which were evaluated as ``about`` says."""
    statement: dict[str, Any] = json.loads(artefact.with_suffix(".json").read_bytes())
    libraries = statement.get("libraries", {})
    return Template(template.read_text()).substitute(
        about,
        artefact=artefact.stem,
        threshold=cell(statement["threshold"]),
        training_sha256=statement.get("data", {}).get("sha256", "not stated"),
        libraries=", ".join(f"{name} {version}" for name, version in libraries.items()),
        temperature=cell(statement.get("temperature")),
        training_run="\n\n".join(map(as_markdown, _training_run(statement))),
        results="\n\n".join(_section(section, tables) for section, tables in parts),
    )


def _section(section: Section, tables: Sequence[Table]) -> str:
    told = [table for table in tables if table.printed or section.name in WHOLE]
    return "\n\n".join([f"### {section.title}", section.about, *map(as_markdown, told)])


def _training_run(statement: JsonObject) -> list[Table]:
    """What the training itself measured: the splits, and the evidence for alerts."""
    splits = {"inter_patient": "inter-patient DS1→DS2 (served)", "random_split": "random (leaky)"}
    rows = tuple(
        (title, *_ratios(_gross(statement[key])))
        for key, title in splits.items()
        if key in statement
    )
    tables = [Table("At training, abnormal beats", ("split", *(f"{r} %" for r in _RATIOS)), rows)]
    evidence = statement.get("alert_evidence", {})
    if evidence:
        tables.append(_evidence(evidence))
    return tables if rows else tables[1:]


def _gross(split: JsonObject) -> JsonObject:
    """The scores of a split, whichever training stated them."""
    gross: JsonObject = split["test"]["gross"] if "test" in split else split
    return gross


def _ratios(scores: JsonObject) -> tuple[Cell, ...]:
    return tuple(percent(scores[name]) for name in _RATIOS)


def _evidence(evidence: JsonObject) -> Table:
    """Onsets of each rule on the validation and on the test patients."""
    rows = tuple(
        (
            f"{mine['k']} of {mine['n']}",
            *(mine["true_onsets"], mine["false_onsets"]),
            *(other["true_onsets"], other["false_onsets"], other["false_onsets"] / other["hours"]),
        )
        for mine, other in zip(evidence["validation"], evidence["test"], strict=True)
    )
    columns = ("rule", "validation: true", "false", "test: true", "false", "false per hour")
    note = (
        "An alert opens once k of the last n classified beats are abnormal. An onset is true if "
        "the reference calls at least half of those beats abnormal."
    )
    return Table("Evidence for an alert", columns, rows, note)


def as_markdown(table: Table) -> str:
    """A table with its title and its note."""
    lines = [table.columns, ("---",) * len(table.columns)]
    lines += [tuple(map(cell, row)) for row in table.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join(filter(None, [f"**{table.title}**", table.note, body]))
