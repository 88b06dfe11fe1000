"""The embedded MQTT 5 endpoint: no broker, a door to the ingest core (OASIS MQTT 5.0)."""

from ingest.endpoint.limits import Limits
from ingest.endpoint.server import MqttEndpoint

__all__ = ["Limits", "MqttEndpoint"]
