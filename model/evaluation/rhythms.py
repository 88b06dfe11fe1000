"""Rhythms by episode and by duration (EC57, IEC 60601-2-47), streamed as they are served.

Beats are those of the served detector, their classes the reference's: this is the score of the
rhythm rules and of the look-out on the signal, not of the network.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.ecg import RhythmKind
from model.episodes import EpisodeScore, score_record, summed
from model.evaluation import rhythm_plots
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section, Table, percent
from model.evaluation.source import Source

COLUMNS = (
    *("rhythm", "episodes", "Se %", "+P %", "duration Se %", "duration +P %"),
    *("latest told after s",),
)


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """The scores of each record, and of all together."""
    records = context.each("rhythms", context.code, sources, _scored)
    together = summed(
        {RhythmKind(kind): _score(told) for kind, told in record.items()}
        for record in records.values()
    )
    return {
        "gross": {kind.value: _told(score) for kind, score in together.items()},
        "records": records,
    }


def _scored(source: Source) -> JsonObject:
    return {kind.value: asdict(score) for kind, score in score_record(source.path).items()}


def _score(told: dict[str, Any]) -> EpisodeScore:
    return EpisodeScore(**told | {"latency_s": tuple(told["latency_s"])})


def _told(score: EpisodeScore) -> JsonObject:
    names = ("episode_se", "episode_p", "duration_se", "duration_p")
    shares = dict(zip(names, score.shares(), strict=True))
    return asdict(score) | {"latency_s": list(score.latency_s)} | shares


def tables(data: JsonObject) -> list[Table]:
    """All records together."""
    rows = tuple(
        (
            kind,
            told["reference"],
            percent(told["episode_se"]),
            percent(told["episode_p"]),
            percent(told["duration_se"]),
            percent(told["duration_p"]),
            max(told["latency_s"], default=None),
        )
        for kind, told in data["gross"].items()
    )
    return [Table("Rhythms", COLUMNS, rows, f"{len(data['records'])} records.")]


SECTION = Section(
    "rhythms",
    "Rhythms",
    __doc__.split("\n", 1)[0],
    run,
    tables,
    rhythm_plots.plots,
    lambda _: [],
)
