"""The evaluation report: sections that score what is served, side by side with others."""
