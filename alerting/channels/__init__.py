"""Ways to a care team: one small interface, and a file for each way."""
