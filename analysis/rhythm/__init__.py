"""Rhythms out of beats, RR intervals and the filtered signal: pure, with small carried state."""
