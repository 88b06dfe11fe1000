"""Counters of the MQTT endpoint."""

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("hisbundle_mqtt_connections", "Open connections of the MQTT endpoint")
CONNECTS = Counter("hisbundle_mqtt_connects", "CONNECT packets by answer", ["answer"])
PUBLISHES = Counter("hisbundle_mqtt_publishes", "Settled publishes by outcome", ["outcome"])
DISCONNECTS = Counter("hisbundle_mqtt_disconnects", "Connections we ended, by reason", ["reason"])
DELIVERIES = Counter("hisbundle_mqtt_deliveries", "Messages to devices by fate", ["fate"])
