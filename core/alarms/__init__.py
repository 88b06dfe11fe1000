"""The life of an alarm, pure: what it is, what leads it from state to state, and its timers."""
