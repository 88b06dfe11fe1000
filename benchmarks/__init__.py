"""Speed, measured beside named baselines in the same run (see BENCHMARKS.md)."""
