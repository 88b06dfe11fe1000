"""Picture of the alerts: who raises them."""

from functools import partial

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model.evaluation.cache import JsonObject
from model.evaluation.section import Plot
from model.evaluation.style import BAD, OURS_COLOUR


def plots(data: JsonObject) -> list[Plot]:
    """Alerts by record, if there are any."""
    if not any(
        sum(r["true"].values()) + sum(r["false"].values()) for r in data["records"].values()
    ):
        return []
    told = "Most false alerts come from few patients: whoever looks at one bed sees it all day."
    return [Plot("by-record", "Alerts by record", partial(_by_record, data), (8.4, 3.2), told)]


def _by_record(data: JsonObject, figure: Figure) -> None:
    axes = figure.add_subplot()
    names = list(data["records"])
    true, false = (
        [sum(data["records"][name][key].values()) for name in names] for key in ("true", "false")
    )
    axes.bar(range(len(names)), true, 0.7, color=OURS_COLOUR, label="borne out by the reference")
    axes.bar(range(len(names)), false, 0.7, true, color=BAD, label="false")
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set(ylabel="alerts in half an hour", xlim=(-0.8, len(names) - 0.2))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper left")
