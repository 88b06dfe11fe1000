"""Pictures of signal quality: what noise does to it, and to the detector where it is trusted."""

from functools import partial
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import MUTED, SERIES
from model.noise import SNRS_DB

SHOWN = "DS2"


def plots(data: JsonObject) -> list[Plot]:
    """Curves over the strength of noise, of DS2 where it is there."""
    splits = data["by_split"]
    if not splits:
        return []
    split = SHOWN if SHOWN in splits else next(iter(splits))
    told = (
        f"{split}. Left: strips that are called readable. Right: sensitivity of the detector in "
        "strips called readable (solid) and unreadable (dotted): the first must stay high."
    )
    draw = partial(_curves, splits[split]["noise"])
    return [Plot("noise", "Noise added", draw, (9.0, 3.9), told)]


def _curves(noise: JsonObject, figure: Figure) -> None:
    readable, detector = figure.subplots(1, 2)
    kinds = {kind: by_snr for kind, by_snr in noise.items() if kind != "all"}
    for colour, (kind, by_snr) in zip(cycle(SERIES), kinds.items(), strict=False):
        rows = [by_snr[f"{snr_db:g} dB"] for snr_db in SNRS_DB]
        style = {"color": colour, "linewidth": 1.2, "markersize": 4}
        readable.plot(SNRS_DB, [_percent(r["share_readable"]) for r in rows], "o-", **style)
        for side, line in (("readable", "o-"), ("unreadable", "o:")):
            found = [_percent(r[side]["sensitivity"]) for r in rows]
            label = kind if side == "readable" else None
            detector.plot(SNRS_DB, found, line, label=label, **style)
    for axes in (readable, detector):
        axes.invert_xaxis()
        axes.set_xticks(SNRS_DB)
        axes.set_xlabel("signal to noise, dB")
    readable.set(ylabel="readable strips, %", ylim=(-3, 103))
    detector.set_ylabel("sensitivity of the detector, %")
    detector.legend(loc="lower left", fontsize=8, labelcolor=MUTED)


def _percent(share: float | None) -> float:
    return np.nan if share is None else 100 * share
