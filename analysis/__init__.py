"""The signal core: filters, R peaks, beats, quality; pure but for ``analysis.work.worker``."""
