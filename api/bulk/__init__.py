"""Bulk Data Access and asynchronous searches: ordered now, worked on apart, fetched later."""
