"""Probes in vLLM engines: an extension of its workers, and the driver that speaks to it."""
