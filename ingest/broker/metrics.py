"""Counters of the road through a broker."""

from prometheus_client import Counter, Gauge

CONNECTED = Gauge("hisbundle_broker_connected", "1 while subscribed at the broker")
CONNECTS = Counter("hisbundle_broker_connects", "Attempts to subscribe, by result", ["result"])
FRAMES = Counter("hisbundle_broker_frames", "Settled frames from the broker", ["outcome"])
ACKS = Counter("hisbundle_broker_acks", "Acknowledgements to devices, by fate", ["fate"])
