"""The device-facing edge: two MQTT roads, one core that accepts, stores and acknowledges."""
