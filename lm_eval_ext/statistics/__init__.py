"""Intervals and paired differences, clustered by what was really sampled."""
