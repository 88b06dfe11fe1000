"""Signal quality held against truth: noise added at 24 to -6 dB, and the records' own.

Quality is right if the detector is right where a strip is called readable.
"""

from collections.abc import Sequence
from dataclasses import asdict

from model.evaluation import quality_plots
from model.evaluation.cache import JsonObject
from model.evaluation.section import Cell, Context, Section, Table, percent
from model.evaluation.source import Source
from model.noise import NoiseKind
from model.quality import score_named, summed
from model.quality_strips import StripScore

COLUMNS = (
    *("strips", "AUC", "readable %", "Se % readable", "+P % readable"),
    *("Se % unreadable", "+P % unreadable"),
)


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """The validation of ``model.quality``, by split."""
    records = context.each("signal quality", context.code, sources, _scored)
    return summed({name: [_strip(s) for s in r["strips"]] for name, r in records.items()})


def _scored(source: Source) -> JsonObject:
    return {"strips": [_plain(strip) for strip in score_named(source.path)]}


def _plain(strip: StripScore) -> JsonObject:
    return asdict(strip) | {"rhythms": sorted(strip.rhythms)}


def _strip(told: JsonObject) -> StripScore:
    kind = None if told["kind"] is None else NoiseKind(told["kind"])
    pairs = ((key, tuple(told[key])) for key in ("reasons", "seconds", "noisy_seconds"))
    return StripScore(**told | dict(pairs) | {"kind": kind, "rhythms": frozenset(told["rhythms"])})


def tables(data: JsonObject) -> list[Table]:
    """By kind and strength of noise, and the records' own; one table for each split."""
    return [
        Table(
            f"Signal quality, {split}",
            COLUMNS,
            (
                *(
                    _row(f"{kind}, {level}", row)
                    for kind, levels in part["noise"].items()
                    for level, row in levels.items()
                ),
                _row("own noise for 6 s", part["annotated"]["mostly_noisy"]),
                _row("no noise marked", part["annotated"]["not_noisy"]),
            ),
            f"Readable from a score of {data['readable_from']:g}; SNR after {data['snr']}.",
            printed=split == "DS2",
        )
        for split, part in data["by_split"].items()
    ]


def _row(title: str, row: JsonObject) -> tuple[Cell, ...]:
    sides = [
        percent(row[side][share])
        for side in ("readable", "unreadable")
        for share in ("sensitivity", "positive_predictivity")
    ]
    auc = row.get("auc", row.get("auc_detector_errs"))
    return title, auc, percent(row["share_readable"]), *sides


SECTION = Section(
    "quality",
    "Signal quality",
    __doc__.split("\n", 1)[0],
    run,
    tables,
    quality_plots.plots,
    lambda _: [],
)
