"""Notifications over websockets (Subscriptions R5 Backport 1.1.0, channels.html#websockets)."""
