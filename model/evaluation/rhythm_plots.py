"""Picture of the rhythms: what is found of each, by episode and by duration."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import MUTED, SERIES

SHARES = (("episode_se", "episode_p", "by episode"), ("duration_se", "duration_p", "by duration"))


def plots(data: JsonObject) -> list[Plot]:
    """The kinds that occur or were told."""
    found = {k: t for k, t in data["gross"].items() if t["reference"] or t["found"]}
    if not found:
        return []
    told = "A missing dot: no such episode in the reference (Se), or none told (+P)."
    size = (8.8, 1.2 + 0.3 * len(found))
    return [Plot("shares", "Rhythms found", partial(_shares, found), size, told)]


def _shares(found: JsonObject, figure: Figure) -> None:
    at = np.arange(len(found))[::-1]
    sides = figure.subplots(1, 2, sharey=True)
    for axes, (se, p, title) in zip(sides, SHARES, strict=True):
        for key, marker, colour, label in ((se, "o", SERIES[0], "Se"), (p, "D", SERIES[1], "+P")):
            shares = [np.nan if t[key] is None else 100 * t[key] for t in found.values()]
            axes.plot(shares, at, marker, color=colour, markersize=5, alpha=0.85, label=label)
        axes.set(xlim=(-3, 103), xlabel="%")
        axes.set_title(title, fontsize=9, loc="left", color=MUTED)
    names = [f"{kind} ({told['reference']})" for kind, told in found.items()]
    sides[0].set_yticks(at, names)
    sides[1].legend(loc="lower left")
