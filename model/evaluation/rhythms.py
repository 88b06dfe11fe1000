"""Rhythms by episode and by duration (EC57, IEC 60601-2-47), streamed as they are served.

Beats are those of the served detector. Their classes are once the reference's, which scores the
rhythm rules and the look-out on the signal by themselves, and once the served network's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from analysis.classifier import load_classifier, read_card
from core.ecg import RhythmKind
from model.episodes import OPINIONS, EpisodeScore, RecordScore, score_record, together
from model.evaluation import rhythm_plots
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section, Table, Target, percent
from model.evaluation.source import Source
from model.splits import DS1, DS2, PACED
from model.urgent import LONG_RUNS, WANTED, Caught, is_met, share

REFERENCE, NETWORK = OPINIONS
SPLITS = {"DS1": DS1, "DS2": DS2, "paced": PACED}
COLUMNS = (
    *("rhythm", "episodes", "Se %", "+P %", "duration Se %", "duration +P %"),
    *("latest told after s", "network: Se %", "+P %", "duration Se %", "duration +P %"),
)
_MEASURES = {
    LONG_RUNS: "ventricular runs of 5 beats told within 10 s",
    "fast-runs-of-3": "ventricular runs of 3 beats at 100 per minute found",
    "pauses": "pauses of 3 s found",
}


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """The scores of each record, of each split, and of all together; by both opinions."""
    stamp = f"{context.code} {read_card(context.artefact).model_id}"
    records = context.each("rhythms", stamp, sources, partial(_scored, context.artefact))
    scores = {name: {who: _score(one[who]) for who in OPINIONS} for name, one in records.items()}
    groups = {"all": list(scores)} | {
        split: [name for name in scores if name in names] for split, names in SPLITS.items()
    }
    by_split = {
        split: {who: _told(scores[name][who] for name in names) for who in OPINIONS}
        for split, names in groups.items()
    }
    everyone = by_split.pop("all")
    return {
        "gross": everyone[REFERENCE]["kinds"],
        "network": everyone[NETWORK]["kinds"],
        "urgent": {who: told["urgent"] for who, told in everyone.items()},
        "records": {name: one[REFERENCE]["kinds"] for name, one in records.items()},
        "network_records": {name: one[NETWORK]["kinds"] for name, one in records.items()},
        "by_split": by_split,
    }


def _scored(artefact: Path, source: Source) -> JsonObject:
    told = score_record(source.path, load_classifier(artefact))
    return {name: _plain(score) for name, score in told.items()}


def _plain(score: RecordScore) -> JsonObject:
    return {
        "kinds": {kind.value: asdict(one) for kind, one in score.kinds.items()},
        "urgent": {name: asdict(one) for name, one in score.urgent.items()},
    }


def _score(told: dict[str, Any]) -> RecordScore:
    kinds = {
        RhythmKind(kind): EpisodeScore(**one | {"latency_s": tuple(one["latency_s"])})
        for kind, one in told["kinds"].items()
    }
    return RecordScore(kinds, {name: Caught(**one) for name, one in told["urgent"].items()})


def _told(scores: Iterable[RecordScore]) -> JsonObject:
    gross = together(scores)
    urgent = {
        name: asdict(one) | {"share": share(name, one), "met": is_met(name, one)}
        for name, one in gross.urgent.items()
    }
    return {"kinds": {k.value: _shares(one) for k, one in gross.kinds.items()}, "urgent": urgent}


def _shares(score: EpisodeScore) -> JsonObject:
    names = ("episode_se", "episode_p", "duration_se", "duration_p")
    shares = dict(zip(names, score.shares(), strict=True))
    return asdict(score) | {"latency_s": list(score.latency_s)} | shares


def tables(data: JsonObject) -> list[Table]:
    """All records together, and what must not be missed."""
    rows = tuple(
        (
            kind,
            told["reference"],
            *_percents(told),
            max(told["latency_s"], default=None),
            *_percents(data["network"][kind]),
        )
        for kind, told in data["gross"].items()
    )
    note = f"{len(data['records'])} records; classes of the reference, then of the network."
    columns = ("what", "classes", "episodes", "found", "within 10 s", "latest told after s")
    urgent = tuple(
        (_MEASURES[name], who, *(one[key] for key in ("reference", "found", "in_time", "latest_s")))
        for name in _MEASURES
        for who, counts in data["urgent"].items()
        for one in [counts[name]]
    )
    return [
        Table("Rhythms", COLUMNS, rows, note),
        Table("Runs and pauses that must not be missed", columns, urgent),
    ]


def _percents(told: JsonObject) -> tuple[float | None, ...]:
    names = ("episode_se", "episode_p", "duration_se", "duration_p")
    return tuple(percent(told[name]) for name in names)


def targets(data: JsonObject) -> list[Target]:
    """What must not be missed, with the classes of the reference and of the network."""
    found: list[Target] = []
    for who, counts in data["urgent"].items():
        for name, what in _MEASURES.items():
            one = counts[name]
            wanted = f">= {100 * WANTED[name]:g} %"
            path = f"sections.rhythms.urgent.{who}.{name}.share"
            found.append(
                Target(
                    path, f"{what}, classes of the {who}", wanted, percent(one["share"]), one["met"]
                )
            )
    return found


SECTION = Section(
    "rhythms",
    "Rhythms",
    __doc__.split("\n", 1)[0],
    run,
    tables,
    rhythm_plots.plots,
    targets,
)
