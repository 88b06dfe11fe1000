"""Pictures of the classes: the confusion, and what is found of each class in each record."""

from functools import partial

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import BAD, MUTED, OURS_COLOUR

Counts = npt.NDArray[np.int64]

NAMES = (*"NSVFQ", "surplus")
DARK = 0.5
"""From this share on the figures are white."""


def plots(data: JsonObject) -> list[Plot]:
    """All of them, none without classes."""
    if not data:
        return []
    told = "Each row is a true class, in shares of its beats; the number is the beats."
    missed = "Missed or called another class, and called this class wrongly; the largest first."
    return [
        Plot("confusion", "Confusion", partial(_confusion, data), (5.6, 4.4), told),
        Plot("by-record", "Errors by record", partial(_by_record, data), (8.8, 4.8), missed),
    ]


def _confusion(data: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    counts = np.array(data["confusion"], dtype=np.float64)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if i < 5 or j < 5:
            colour = "white" if share[i, j] > DARK else "black" if count else MUTED
            axes.text(j, i, f"{int(count):,}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(6), [*NAMES[:5], "missed"])
    axes.set_yticks(range(6), NAMES)
    axes.set(xlabel="told", ylabel="true")
    axes.grid(visible=False)


def _by_record(data: JsonObject, figure: Figure) -> None:
    rows = figure.subplots(2, 1, sharex=True)
    records = list(data["by_record"])
    counts = np.array([data["by_record"][name]["confusion"] for name in records])
    order = np.argsort(-_errors(counts, 1) - _errors(counts, 2), kind="stable")
    for axes, i, title in zip(rows, (2, 1), ("ventricular", "supraventricular"), strict=True):
        hit, true, told = counts[:, i, i], counts[:, i].sum(axis=1), counts[:, :, i].sum(axis=1)
        missed, wrong = (true - hit)[order], (told - hit)[order]
        axes.bar(range(len(records)), missed, 0.7, color=OURS_COLOUR, label="not told")
        axes.bar(range(len(records)), wrong, 0.7, missed, color=BAD, label="told wrongly")
        axes.set_ylabel(f"{title},\nbeats")
    rows[0].legend(loc="upper right")
    rows[1].set_xticks(range(len(records)), [records[i] for i in order], rotation=90, fontsize=8)
    rows[1].set_xlim(-0.8, len(records) - 0.2)


def _errors(counts: Counts, i: int) -> Counts:
    errors: Counts = counts[:, i].sum(axis=1) + counts[:, :, i].sum(axis=1) - 2 * counts[:, i, i]
    return errors
