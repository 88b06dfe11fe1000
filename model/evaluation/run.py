"""The whole evaluation: all sections over a folder of records, to report.json and report.html."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from analysis.beats import PREPROCESSING_VERSION
from analysis.classifier import DEFAULT_ARTEFACT, read_card
from analysis.session.strips import PIPELINE_VERSION
from core.errors import Incorrect
from model.evaluation import alerts, classes, detectors, network, rhythms, signal_quality
from model.evaluation.cache import Cache, JsonObject
from model.evaluation.card import card
from model.evaluation.page import page, section_html
from model.evaluation.printed import as_text, errors_table, seconds_table, targets_table
from model.evaluation.section import Context, Section, Table, Target
from model.evaluation.source import (
    Source,
    code_digest,
    find_sources,
    readable,
    sources_digest,
    unannotated,
)
from model.progress import Progress

SECTIONS: tuple[Section, ...] = (
    detectors.SECTION,
    classes.SECTION,
    network.SECTION,
    rhythms.SECTION,
    signal_quality.SECTION,
    alerts.SECTION,
)
"""In the order of the report. A new one is one more object here."""
FORMAT = 2
"""Changes when a key of report.json changes its meaning (model/EVALUATION.md has them)."""
SEED = 7
QUICK_RECORDS = 4
CARD = "MODEL_CARD.md"
TITLE = "Evaluation of the ECG analysis"


def evaluate(
    folder: Path,
    out: Path,
    names: Collection[str] = (),
    *,
    quick: bool = False,
    progress: Progress,
    tell: Callable[[str], None],
    jobs: int = 1,
    sections: Sequence[Section] = SECTIONS,
    artefact: Path = DEFAULT_ARTEFACT,
    card_path: Path | None = None,
) -> JsonObject:
    """Score the annotated records of ``folder`` and write both reports into ``out``.

    The model card goes there too, or to ``card_path``.

    ``quick`` takes a few records only. ``tell`` gets the tables as text. What was computed before
    from the same records and code is taken from ``out``/cache. ``jobs`` processes work at once; the
    figures do not depend on it, but for CPU times. A record that cannot be scored is told of and
    left out. Returns what report.json holds. Raises Incorrect where there is no such record, or no
    artefact.
    """
    sources = find_sources(folder, names)
    if quick and not names:
        sources = sources[:: max(1, len(sources) // QUICK_RECORDS)][:QUICK_RECORDS]
    with ExitStack() as opened:
        pool = opened.enter_context(_pool(jobs)) if jobs > 1 else None
        context = Context(
            Cache(out / "cache"), progress, artefact, code_digest(), SEED, quick, pool
        )
        without = () if names else unannotated(folder)
        context.errors.extend(
            {"what": "all sections", "record": name, "error": "no atr annotations"}
            for name in without
        )
        read = context.each("reading", context.code, sources, readable)
        sources = tuple(source for source in sources if source.name in read)
        if not sources:
            raise Incorrect(f"no record could be read: {context.errors[0]['error']}")
        return _evaluated(sources, context, sections, out, tell, card_path)


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Processes that start from nothing: a fork of one with threads would not be safe."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _evaluated(
    sources: Sequence[Source],
    context: Context,
    sections: Sequence[Section],
    out: Path,
    tell: Callable[[str], None],
    card_path: Path | None,
) -> JsonObject:
    report: JsonObject = {"about": about(sources, context), "targets": [], "sections": {}}
    seconds: dict[str, float] = {}
    parts: list[tuple[Section, str]] = []
    told: list[tuple[Section, list[Table]]] = []
    targets: list[Target] = []
    for section in sections:
        began = time.perf_counter()
        data = section.run(sources, context)
        seconds[section.name] = round(time.perf_counter() - began, 1)
        report["sections"][section.name] = data
        tables = section.tables(data)
        told.append((section, tables))
        parts.append((section, section_html(tables, section.plots(data))))
        targets += section.targets(data)
        for table in tables:
            if table.printed:
                tell(f"\n{as_text(table)}")
    report["targets"] = [asdict(target) for target in targets]
    report["errors"], report["seconds"] = context.errors, seconds
    last = [targets_table(targets), seconds_table(seconds)]
    if context.errors:
        last.append(errors_table(context.errors))
    for table in last:
        tell(f"\n{as_text(table)}")
    _write(out, report, page(TITLE, report["about"], targets, parts, last[2:]))
    (card_path or out / CARD).write_text(card(report["about"], told, context.artefact))
    return report


def about(sources: Sequence[Source], context: Context) -> JsonObject:
    """What was evaluated on what: digests of data, weights and code, and the seed."""
    card = read_card(context.artefact)
    return {
        "format": FORMAT,
        "records": len(sources),
        "record_names": [source.name for source in sources],
        "data_sha256": sources_digest(sources),
        "model_id": card.model_id,
        "weights_sha256": card.weights_sha256,
        "preprocessing_version": PREPROCESSING_VERSION,
        "pipeline_version": PIPELINE_VERSION,
        "code_sha256": context.code,
        "seed": context.seed,
        "quick": context.quick,
    }


def _write(out: Path, report: JsonObject, html: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    (out / "report.html").write_text(html)
