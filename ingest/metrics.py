"""What the ingest core counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

CHUNKS = Counter("hisbundle_ingest_chunks", "Frames settled, by what became of them", ["outcome"])
REFUSED = Counter(
    "hisbundle_ingest_refused", "Frames refused and kept aside, by reason", ["reason"]
)
DROPPED = Counter("hisbundle_quarantine_dropped", "Kept frames that made room for newer ones")
WAITING = Gauge("hisbundle_ingest_waiting", "Frames in memory that are not settled yet")
COMMIT = Histogram("hisbundle_ingest_commit_seconds", "Time of one batch's transaction, seconds")
BATCH = Histogram(
    "hisbundle_ingest_batch_chunks",
    "Frames per transaction",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
RETRIES = Counter("hisbundle_ingest_retries", "Waits for a database or key vault that was away")
ACK_FAILURES = Counter("hisbundle_ingest_ack_failures", "Acknowledgements that could not be sent")
