"""Probe recipes: what is measured, where, and what is changed."""
