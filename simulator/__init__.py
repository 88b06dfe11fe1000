"""A device on the desk: what it measures, how it seals, keeps and sends (firmware/PROTOCOL.md)."""
