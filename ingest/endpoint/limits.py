"""Bounds of the MQTT endpoint: what one client, and all clients together, may hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound with its unit; the first four are announced in CONNACK (MQTT 5.0, 3.2.2.3)."""

    receive_max: int = 64
    """Publishes of one connection that are not yet settled."""
    max_packet_bytes: int = 4096
    """A chunk is 462 bytes; the rest is room for properties."""
    keep_alive_max_s: int = 300
    """Longest silence a client may ask for; also what "no keep-alive" becomes."""
    session_expiry_s: int = 0
    """No session outlives its connection: acknowledgements are cumulative, chunks are resent."""

    connect_s: float = 10.0
    """From the TCP connection to CONNACK, TLS handshake apart (which has the same bound)."""
    linger_s: float = 0.5
    """How long the last words are given to arrive before the connection is closed."""
    drain_s: float = 5.0
    """At shutdown, how long publishes in flight may take to be settled."""
    connections_max: int = 1000
    newcomers_max: int = 256
    """Of these, those that have not logged in yet, TLS handshakes included; one more crowds the
    oldest out, so that whoever only connects can keep nobody else away."""
    connections_per_device_max: int = 4
    """One more takes over from the oldest."""
    outgoing_max_bytes: int = 65_536
    """Unsent bytes of one connection above which its acknowledgements are dropped."""
    orphans_max: int = 1024
    """Publishes in flight whose connection is gone; more are abandoned, and resent."""

    failures_per_client: int = 5
    failures_per_address: int = 200
    """Many devices may share one address (NAT), so one failing device must not lock it out."""
    failure_window_s: float = 30.0
