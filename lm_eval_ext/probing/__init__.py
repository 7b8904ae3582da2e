"""Probes: where in a model to measure, what to change there, and what follows from it."""
