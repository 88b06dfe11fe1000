"""The worker's edge: claim, open, compute a turn, write it down."""
