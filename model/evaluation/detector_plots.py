"""Pictures of the detectors: errors by kind, errors by record, accuracy against cost."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import BAD, FAINT, MUTED, OURS_COLOUR, THEIRS

OURS = "ours"
WORST_ERRORS = 6.0
"""Per cent of errors that make an F1 of about 97 %, the least that was promised of a record."""
LEAST = 0.01
"""Per cent of errors at which a record without any is drawn, on the logarithmic axis."""


def plots(data: JsonObject) -> list[Plot]:
    """All of them."""
    engines = data["engines"]
    height = 1.2 + 0.42 * len(engines)
    wide = 1.6 + 0.19 * len(engines[OURS]["records"])
    return [
        Plot(
            "errors",
            "Errors of each detector",
            partial(_errors, engines),
            (8.4, height),
            "False positives to the left, missed beats to the right, per cent of all beats.",
        ),
        Plot(
            "by-record",
            "Errors by record",
            partial(_by_record, engines),
            (max(6.0, min(wide, 11.0)), 4.4),
            "False and missed beats, per cent of the record's beats; grey: the other detectors' "
            "range, its line their median.",
        ),
        Plot(
            "cost",
            "Accuracy and cost",
            partial(_cost, engines),
            (7.0, 4.2),
            "CPU time per minute of ECG on one thread; errors: false and missed beats together.",
        ),
    ]


def _beats(engine: JsonObject) -> int:
    return max(1, int(engine["gross"]["tp"] + engine["gross"]["fn"]))


def _colour(name: str) -> str:
    return OURS_COLOUR if name.startswith(OURS) else THEIRS


def _errors(engines: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    at = np.arange(len(engines))[::-1]
    for y, (name, engine) in zip(at, engines.items(), strict=True):
        false, missed = (100 * engine["gross"][key] / _beats(engine) for key in ("fp", "fn"))
        colour = _colour(name)
        axes.barh(y, -false, 0.62, color=colour, alpha=0.6)
        axes.barh(y, missed, 0.62, color=colour)
        _tell(axes, -false, y, f"{false:.2f}", "right")
        _tell(axes, missed, y, f"{missed:.2f}", "left")
    reach = max(abs(edge) for edge in axes.get_xlim()) * 1.18
    axes.set_xlim(-reach, reach)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(at, [engine["title"] for engine in engines.values()])
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_xlabel("false positives, %      |      missed beats, %")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _tell(axes: Axes, x: float, y: float, text: str, side: str) -> None:
    away = (4 if side == "left" else -4, 0)
    axes.annotate(text, (x, y), away, textcoords="offset points", ha=side, va="center", fontsize=8)


def _rates(engine: JsonObject) -> Any:
    records = engine["records"].values()
    errors = [100 * (r["fp"] + r["fn"]) / max(1, r["tp"] + r["fn"]) for r in records]
    return np.maximum(errors, LEAST)


def _by_record(engines: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    names = list(engines[OURS]["records"])
    ours = _rates(engines[OURS])
    order = np.argsort(-ours, kind="stable")
    at = np.arange(len(names))
    others = np.array([_rates(e) for name, e in engines.items() if not name.startswith(OURS)])
    if len(others):
        low, middle, high = np.percentile(others, [0, 50, 100], axis=0)[:, order]
        axes.vlines(at, low, high, color=FAINT, linewidth=4)
        axes.plot(at, middle, "_", color=MUTED, markersize=8, label="other detectors, median")
    axes.plot(at, ours[order], "o", color=OURS_COLOUR, markersize=5, label="ours, chunk by chunk")
    axes.axhline(WORST_ERRORS, color=BAD, linewidth=0.8, linestyle=":")
    axes.annotate(
        "F1 97 %", (len(names) - 0.3, WORST_ERRORS), (0, 3), textcoords="offset points",
        ha="right", fontsize=7, color=BAD,
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(LEAST * 0.7, None)
    axes.set_yticks([0.01, 0.1, 1, 10, 100], ["none", "0.1", "1", "10", "100"])
    axes.set_xticks(at, [names[i] for i in order], rotation=90, fontsize=7)
    axes.set_xlim(-0.8, len(names) - 0.2)
    axes.set_ylabel("errors, % of beats")
    axes.legend(loc="upper right")


def _cost(engines: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    for name, engine in engines.items():
        errors = 100 * (engine["gross"]["fp"] + engine["gross"]["fn"]) / _beats(engine)
        place = (max(engine["cpu_ms_per_min"] or 0.0, 1e-3), max(errors, LEAST))
        marker, above = "o" if engine["streaming"] else "s", name != OURS
        axes.plot(*place, marker, color=_colour(name), markersize=7)
        away = (7, 3 if above else -10)
        axes.annotate(engine["title"], place, away, textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", ylabel="errors, % of beats")
    axes.margins(0.18)
    axes.set_xlim(None, axes.get_xlim()[1] * 6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(lambda *_: "")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.set_xlabel("CPU time, ms per minute of ECG")
    axes.set_title("round: on the stream    square: whole record at once", fontsize=8, loc="left")
