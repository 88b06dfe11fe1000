"""What the analysis role measures of itself, for Prometheus; numbers only, nothing of a patient."""

from functools import partial

from prometheus_client import Gauge

from analysis.drift import FEATURES, Monitor

DRIFT = Gauge(
    "hisbundle_analysis_drift_index",
    "Population stability index of what beats look like, against training; NaN if too few",
    ["feature"],
)
DRIFT_VALUES = Gauge(
    "hisbundle_analysis_drift_values", "Values that the index is made of", ["feature"]
)


def watch(monitor: Monitor) -> None:
    """Show a monitor; the indices are computed when they are asked for."""
    for name in FEATURES:
        DRIFT.labels(name).set_function(partial(monitor.index, name))
        DRIFT_VALUES.labels(name).set_function(partial(monitor.count, name))
