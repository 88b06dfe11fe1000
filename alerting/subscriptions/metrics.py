"""Metrics of matching: numbers only (https://prometheus.io/docs/practices/naming/)."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("hisbundle_subscription_events", "Events numbered for Subscriptions")
MATCHED_SECONDS = Histogram(
    "hisbundle_subscription_match_seconds",
    "Time from a version's stamp to the number of its event",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0),
)
ATTEMPTS = Counter("hisbundle_subscription_attempts", "Notifications tried", ["result"])
"""By taken, refused (an answer that is not 2xx) and failed (none)."""
DELIVERED_SECONDS = Histogram(
    "hisbundle_subscription_delivery_seconds",
    "Time from a version's stamp until its subscriber has taken the event",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0, 3600.0, 86_400.0),
)
STATUSES = Gauge("hisbundle_subscriptions", "Subscriptions by status", ["status"])
LAG_SECONDS = Gauge(
    "hisbundle_subscription_lag_seconds", "Age of the oldest event that waits for its subscriber"
)
