"""The road through an MQTT 5 broker: its address, a client of it, one stay with it."""
