"""The alarm policy: which findings ring, how loudly, for how long. Read ``policy.py`` first."""
