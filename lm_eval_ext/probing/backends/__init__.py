"""Backends of the probe engine: each attaches to one kind of model runner."""
