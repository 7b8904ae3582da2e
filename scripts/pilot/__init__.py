"""Trains the pilot: a small model that really sees, recalls and reads. ``python -m scripts.pilot --help``."""
