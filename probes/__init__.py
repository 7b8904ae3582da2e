"""Probe recipes: which sites, which contrast, which analysis."""
