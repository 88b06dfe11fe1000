"""Pictures of the network: reliability, probabilities by class, accuracy by record."""

from functools import partial
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import BAD, MUTED, SERIES

EDGES = np.linspace(0, 1, 41)
FEW = 20
"""Of fewer beats than this a share says little: its mark is hollow."""


def plots(data: JsonObject) -> list[Plot]:
    """All of them, none without beats: all networks' reliability, the rest of the served one."""
    served = data["networks"][data["served"]]
    if not served["beats"]:
        return []
    return [
        Plot(
            "reliability",
            "Does the probability keep its word?",
            partial(_reliability, data["networks"]),
            (5.0, 4.9),
            "Of the beats to which a probability was given, the share that the reference calls "
            "abnormal; on the diagonal the two agree. The area of a dot is the number of beats.",
        ),
        Plot(
            "roc",
            "What sensitivity costs",
            partial(_roc, data["networks"]),
            (9.0, 4.4),
            "Receiver operating characteristic of abnormal beats; the dot is the threshold that is "
            "served. On the right the corner that matters on a monitor.",
        ),
        Plot(
            "by-class",
            "Probabilities by reference class",
            partial(_by_class, served),
            (8.0, 5.0),
            "Share of a class's beats in each step of probability, logarithmic; served network.",
        ),
        Plot(
            "by-record",
            "Sensitivity and specificity by record",
            partial(_by_record, served),
            (8.4, 3.8),
            "Gross figures hide that a network may fail on one patient wholly; served network.",
        ),
    ]


def _reliability(networks: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle="--")
    for colour, (name, of) in zip(cycle(SERIES), networks.items(), strict=False):
        bins = [b for b in of["calibration"]["bins"] if b["beats"]]
        stated, observed = ([b[key] for b in bins] for key in ("stated", "observed"))
        area = 1200 * np.array([b["beats"] for b in bins]) / of["beats"]
        told = f"{name}: calibration error {of['calibration']['ece']:.3f}"
        if name.endswith("int8"):  # lies on the float32 one
            axes.plot([], [], color=colour, linewidth=1, linestyle=":", label=told)
            continue
        axes.plot(stated, observed, color=colour, linewidth=1, label=told)
        axes.scatter(
            stated,
            observed,
            np.clip(area, 12, 400),
            color=colour,
            alpha=0.6,
            zorder=3,
            clip_on=False,
        )
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), xlabel="stated", ylabel="observed")
    axes.set_aspect("equal")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8)


def _roc(networks: JsonObject, figure: Figure) -> None:
    whole, corner = figure.subplots(1, 2)
    for axes, reach, least in ((whole, 1.0, 0.0), (corner, 0.1, 0.3)):
        for colour, (name, of) in zip(cycle(SERIES), networks.items(), strict=False):
            if not of["roc"]:
                continue
            x, y = zip(*of["roc"], strict=True)
            style = "--" if name.endswith("int8") else "-"
            told = f"{name}: area {of['gross']['auc']:.3f}"
            axes.plot(x, y, style, color=colour, linewidth=1.4, label=told)
            gross = of["gross"]
            axes.plot(1 - gross["specificity"], gross["recall"], "o", color=colour, markersize=5)
        axes.set(xlim=(-0.01 * reach, reach), ylim=(least, 1.01), xlabel="1 - specificity")
    whole.set_ylabel("sensitivity")
    whole.legend(loc="lower right", fontsize=8)


def _by_class(data: JsonObject, figure: Figure) -> None:
    present = {k: h for k, h in data["histograms"].items() if sum(h)}
    rows = figure.subplots(len(present), 1, sharex=True, squeeze=False)[:, 0]
    names = {
        "N": "normal", "S": "supraventricular", "V": "ventricular", "F": "fusion", "Q": "unknown"
    }  # fmt: skip
    for axes, colour, (name, counts) in zip(rows, SERIES, present.items(), strict=False):
        share = np.array(counts) / sum(counts)
        axes.stairs(np.maximum(share, 1e-5), EDGES, fill=True, color=colour, baseline=1e-5)
        axes.axvline(data["threshold"], color=BAD, linewidth=0.8, linestyle=":")
        axes.set(yscale="log", ylim=(1e-4, 1.5), xlim=(0, 1))
        axes.set_yticks([1e-4, 1e-2, 1], ["0.01 %", "1 %", "100 %"], fontsize=7)
        axes.minorticks_off()
        told = f"{names[name]} ({name})\n{sum(counts):,} beats"
        axes.text(1.01, 0.5, told, transform=axes.transAxes, va="center", fontsize=8)
    rows[-1].set_xlabel("probability of abnormal; dotted: the threshold")


def _by_record(data: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    names = list(data["records"])
    for key, colour, marker in (("recall", SERIES[1], "D"), ("specificity", SERIES[0], "o")):
        label = "sensitivity" if key == "recall" else key
        for few in (False, True):
            at = [i for i, n in enumerate(names) if _few(data["records"][n], key) is few]
            if not at:
                continue
            y = [100 * data["records"][names[i]][key] for i in at]
            face = "none" if few else colour
            told = f"{label}, of fewer than {FEW} beats" if few else label
            axes.plot(at, y, marker, color=colour, markerfacecolor=face, markersize=5, label=told)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set(ylim=(-4, 104), ylabel="%", xlim=(-0.8, len(names) - 0.2))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, fontsize=7)


def _few(record: JsonObject, key: str) -> bool | None:
    """Whether a ratio speaks of few beats, None where it speaks of none."""
    if record[key] is None:
        return None
    cells = ("true_positives", "false_negatives")
    if key == "specificity":
        cells = ("true_negatives", "false_positives")
    return bool(sum(record[cell] for cell in cells) < FEW)
