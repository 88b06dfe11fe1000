"""Signal quality held against truth: noise added at 24 to -6 dB, and the records' own.

Quality is right if the detector is right where a strip is called readable.
"""

from collections.abc import Sequence

from model.evaluation.cache import JsonObject
from model.evaluation.section import Cell, Context, Section, Table, percent
from model.evaluation.source import Source
from model.quality import report

COLUMNS = (
    *("strips", "AUC", "readable %", "Se % readable", "+P % readable"),
    *("Se % unreadable", "+P % unreadable"),
)


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """The validation of ``model.quality``, by split; a share of the records where quick."""
    folder, names = sources[0].path.parent, [source.name for source in sources]

    def work(_: Source) -> JsonObject:
        return report(folder, names)

    # Its figures are of all records together: kept under the first one's name and all digests.
    version = f"{context.code} {' '.join(source.digest for source in sources)}"
    return context.each("signal quality", version, sources[:1], work)[names[0]]


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
    lambda _: [],
    lambda _: [],
)
