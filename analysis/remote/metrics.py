"""What the remote engine counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "hisbundle_sagemaker_requests", "Requests to the endpoint, by what became of them", ["outcome"]
)
SECONDS = Histogram(
    "hisbundle_sagemaker_request_seconds",
    "Time of one request, seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BEATS = Counter("hisbundle_sagemaker_beats", "Beats that the endpoint has classified")
BREAKER = Gauge("hisbundle_sagemaker_breaker", "Circuit breaker: 0 closed, 1 half-open, 2 open")
