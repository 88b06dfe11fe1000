"""Vocabulary of the house: chunk, acknowledgement, ECG values, errors, settings, keys."""
