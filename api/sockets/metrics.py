"""Metrics of websockets: numbers only (https://prometheus.io/docs/practices/naming/)."""

from prometheus_client import Counter, Gauge

BOUND = Gauge("hisbundle_websockets_bound", "Websockets that are bound to Subscriptions")
SENT = Counter("hisbundle_websocket_notifications", "Notifications sent over websockets", ["kind"])
CLOSED = Counter("hisbundle_websockets_closed", "Websockets that have ended", ["reason"])
"""By left (the client went), ended, refused, slow, full, away (the database) and failed."""
