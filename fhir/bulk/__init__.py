"""Bulk Data in plain data: what is asked for, the plan of a job, its manifest."""
