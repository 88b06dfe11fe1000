"""Metrics of matching: numbers only (https://prometheus.io/docs/practices/naming/)."""

from prometheus_client import Counter, Histogram

EVENTS = Counter("hisbundle_subscription_events", "Events numbered for Subscriptions")
MATCHED_SECONDS = Histogram(
    "hisbundle_subscription_match_seconds",
    "Time from a version's stamp to the number of its event",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0),
)
